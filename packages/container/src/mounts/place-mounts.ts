import { isAbsolute, posix } from 'node:path';
import { lookInDirectory, type Place, type RootSource, resolveInRoot, type Seen } from '@coracle/chroot-fs';
import type { Mount } from '@coracle/oci-spec';
import { checkPlace } from '../options/check-string.ts';
import { OptionError } from '../options/option-error.ts';

/** Something to be mounted, and where the caller wants it. */
export interface WantedMount {
  /** The option that asks for it, for errors. */
  option: 'volumes' | 'tmpfs';
  target: string;
  mount: Omit<Mount, 'destination'>;
  kind: 'file' | 'directory';
}

/** What is mounted somewhere, as far as it is known before. */
interface Covered {
  kind: 'file' | 'directory';
  look: (path: string) => Seen;
}

/**
 * Finds where in the root each mount goes, through the root's own links and those of mounts it lies in.
 * @param taken destinations of mounts that are made before, whose content is the kernel's
 * @returns in an order in which no mount covers another
 * @throws {OptionError} for places that nothing can be mounted on; SystemError ELOOP, ENOTDIR
 */
export function placeMounts(
  wanted: readonly WantedMount[],
  { root, taken }: { root: RootSource; taken: readonly string[] },
): Mount[] {
  const lookInRoot = lookIn(root);
  const covered = new Map<string, Covered>(taken.map((path) => [path, { kind: 'directory', look: nothingKnown }]));
  const mine = new Set<string>();
  const mounts = sortByDepth(wanted, ({ target }) => target).map((one): Mount => {
    const { option, mount, kind } = one;
    const target = plainTarget(option, one.target);
    const place = resolveInRoot(target, (path) => {
      if (isKernels(path)) throw kernelsOwn(option, target, path);
      return lookThrough(covered, path) ?? lookInRoot(path);
    });
    check(place, { ...one, target, root });
    if (mine.has(place.path))
      throw new OptionError(option, `two mounts are to be on ${described(target, place.path)}`, 'leave one out');
    mine.add(place.path);
    const source = mount.type === 'bind' ? mount.source : undefined;
    covered.set(place.path, { kind, look: source === undefined ? nothingKnown : lookInDirectory(source) });
    return { destination: place.path, ...mount };
  });
  return sortByDepth(mounts, ({ destination }) => destination);
}

/** Parents before what lies in them; otherwise the order stays. */
export function sortByDepth<Item>(items: readonly Item[], pathOf: (item: Item) => string): Item[] {
  const depth = (item: Item): number =>
    posix
      .normalize(pathOf(item))
      .split('/')
      .filter((name) => name !== '').length;
  return items.toSorted((a, b) => depth(a) - depth(b));
}

const nothingKnown = (): Seen => undefined;

/** The host's programs, which the `host` root shows at their own places. */
const HOST_PROGRAMS = /^\/(usr|bin|sbin|lib(32|64|x32)?)(\/|$)/;

function lookIn(root: RootSource): (path: string) => Seen {
  if (root.kind !== 'tmpfs') return lookInDirectory(root.path === '/' ? '' : root.path);
  const lookOnHost = lookInDirectory('');
  return (path) => (HOST_PROGRAMS.test(path) ? lookOnHost(path) : undefined);
}

/** What is at a path that a mount covers; `undefined` when none does. */
function lookThrough(covered: ReadonlyMap<string, Covered>, path: string): Seen {
  for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const mount = covered.get(at);
    if (mount) return at === path ? mount.kind : mount.look(path.slice(at.length));
  }
  return undefined;
}

function plainTarget(option: string, target: string): string {
  checkPlace(option, target);
  if (!isAbsolute(target))
    throw new OptionError(
      option,
      `the place '${target}' in the container is not absolute`,
      `write it from the root of the container: /${target}`,
    );
  return posix.normalize(target).replace(/(?<=.)\/$/, '');
}

function check({ path, kind: there }: Place, { option, target, kind, root }: WantedMount & { root: RootSource }): void {
  const place = described(target, path);
  if (path === '/')
    throw new OptionError(
      option,
      `nothing can be mounted on the root of the container${target === '/' ? '' : `, where ${target} leads`}`,
      'choose another root instead (--rootfs)',
    );
  if (there !== undefined && there !== kind)
    throw new OptionError(
      option,
      `a ${kind} cannot be mounted on ${place}, which is a ${there} in the container`,
      `choose another place, or another ${kind === 'file' ? 'source' : 'directory'}`,
    );
  if (there === undefined && root.kind === 'tmpfs' && HOST_PROGRAMS.test(path))
    throw new OptionError(
      option,
      `there is no ${place} to mount on, and it cannot be made: that directory is the host's own`,
      'choose a place outside /usr, or a root of its own (--rootfs)',
    );
}

/** Mounts over /proc could redirect what is written there (CVE-2019-16884), so there are none. */
function isKernels(path: string): boolean {
  return path === '/proc' || path.startsWith('/proc/');
}

function kernelsOwn(option: string, target: string, path: string): OptionError {
  return new OptionError(
    option,
    isKernels(target)
      ? `nothing can be mounted on ${target}`
      : `nothing can be mounted on ${target}, which leads through ${path}`,
    "what is below /proc is the kernel's own",
  );
}

function described(target: string, path: string): string {
  return target === path ? path : `${target} (that is ${path})`;
}
