import { readdirSync, readFileSync } from 'node:fs';

/** What containers could leave behind on a machine. */
export interface Leftovers {
  /** Mounts in this mount namespace that name coracle. */
  mounts: string[];
  /** Command lines of agents: monitors, inits, exec helpers. */
  processes: string[];
  /** Cgroup directories of containers. */
  cgroups: string[];
}

/** Looks for what containers may have left; compare with a look from before. */
export function findLeftovers(): Leftovers {
  return { mounts: mounts(), processes: processes(), cgroups: cgroups('/sys/fs/cgroup', 7) };
}

/** Ids of the containers of root that are recorded, which are its directories but the one for names. */
export function recordedContainers(): string[] {
  return readdirSync('/run/coracle', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'names')
    .map(({ name }) => name);
}

function mounts(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes('coracle'));
}

function processes(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => !isOwnNursery(pid))
    .map((pid) => commandLine(pid))
    .filter((line) => line.startsWith('coracle'));
}

/** The nursery of this process and the child it has in store, which live as long as it does. */
function isOwnNursery(pid: string): boolean {
  try {
    const [, parent = ''] =
      /^\d+ \(coracle-nursery\) [RSD] (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    return parent === String(process.pid) || (parent !== '' && isOwnNursery(parent));
  } catch {
    // It ended between the listing and the look.
    return false;
  }
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
  } catch {
    // It ended between the listing and the look.
    return '';
  }
}

function cgroups(directory: string, depth: number): string[] {
  if (depth === 0) return [];
  let entries: string[];
  try {
    entries = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    // A group that was removed meanwhile, or no cgroups at all.
    return [];
  }
  return entries.flatMap((name) => {
    const path = `${directory}/${name}`;
    return /\/coracle-[0-9a-f]+$/.test(path) ? [path, ...cgroups(path, depth - 1)] : cgroups(path, depth - 1);
  });
}
