import { type MountInfo, parseMountinfo } from '@coracle/mountinfo';

/** A mount as far as it tells what it is mounted on. */
interface Seat {
  parent: string;
  mountPoint: string;
}

/** What a start asks several times is the same text each time, and a host may have many mounts. */
let latest: { mountinfo: string; mounts: readonly MountInfo[] } | undefined;

/** The mounts of cgroups that can be seen. */
export function cgroupMounts(mountinfo: string): readonly MountInfo[] {
  if (latest?.mountinfo !== mountinfo) latest = { mountinfo, mounts: findMounts(mountinfo) };
  return latest.mounts;
}

/** The lines of others need not be taken apart. */
function findMounts(mountinfo: string): MountInfo[] {
  const lines = mountinfo.split('\n');
  const ours = lines.filter((line) => line.includes(' - cgroup'));
  const seats = seatsOf(lines);
  const covered = coveredOf(seats);
  return parseMountinfo(ours.filter((line) => isVisible(line.slice(0, line.indexOf(' ')), seats, covered)).join('\n'));
}

/** By the number of the mount, in the kernel's own spelling. */
function seatsOf(lines: readonly string[]): Map<string, Seat> {
  return new Map(
    lines.flatMap((line) => {
      const [id, parent, , , mountPoint] = line.split(' ', 5);
      return id === undefined || parent === undefined || mountPoint === undefined ? [] : [[id, { parent, mountPoint }]];
    }),
  );
}

/** A mount on the top of another hides it, and all that was mounted in it. */
function coveredOf(seats: ReadonlyMap<string, Seat>): Set<string> {
  const covers = [...seats].filter(
    ([id, { parent, mountPoint }]) => id !== parent && seats.get(parent)?.mountPoint === mountPoint,
  );
  return new Set(covers.map(([, { parent }]) => parent));
}

function isVisible(id: string, seats: ReadonlyMap<string, Seat>, covered: ReadonlySet<string>): boolean {
  if (covered.has(id)) return false;
  const passed = new Set<string>();
  for (
    let [at, seat] = [id, seats.get(id)];
    seat && !passed.has(at);
    [at, seat] = [seat.parent, seats.get(seat.parent)]
  ) {
    passed.add(at);
    const isCover = seats.get(seat.parent)?.mountPoint === seat.mountPoint;
    if (covered.has(seat.parent) && !isCover) return false;
  }
  return true;
}
