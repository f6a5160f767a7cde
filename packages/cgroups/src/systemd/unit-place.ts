import { SystemError } from '@coracle/errors';

/** A scope of systemd's that is to be made, and where it will be. */
export interface UnitPlace {
  /** Its name: `'podman-4711.scope'`. */
  unit: string;
  /** The slice it is part of, by name: `'user-1000.slice'`. */
  slice: string;
  /** Of its group, from the top of what systemd has: `'/user.slice/user-1000.slice/podman-4711.scope'`. */
  path: string;
}

/**
 * Where a container lies for systemd, by the `linux.cgroupsPath` of an OCI configuration, which is `slice:prefix:name` then: in the scope
 * `prefix-name.scope` of that slice. A part may be empty.
 * @param cgroupsPath empty or absent: `:coracle:ID`
 * @param options `id` of the container; `slice` where none is named, `'system.slice'` if absent
 * @throws SystemError EINVAL for what is no such path, and for a name that ends in `.slice`, as a slice takes no processes
 * @see https://github.com/opencontainers/runc/blob/main/docs/systemd.md; systemd.scope(5)
 * @example
 * unitPlace('machine-jobs.slice:box:one', { id: 'one' });
 * // { unit: 'box-one.scope', slice: 'machine-jobs.slice', path: '/machine.slice/machine-jobs.slice/box-one.scope' }
 */
export function unitPlace(
  cgroupsPath: string | undefined,
  { id, slice: usual = 'system.slice' }: { id: string; slice?: string },
): UnitPlace {
  const parts = (cgroupsPath || `:coracle:${id}`).split(':');
  const [asked = '', prefix = '', name = ''] = parts;
  if (parts.length !== 3) throw invalid(cgroupsPath, 'for systemd it has to be slice:prefix:name');
  if (name.endsWith('.slice')) throw invalid(cgroupsPath, 'a slice of systemd’s takes no processes');
  const unit = `${prefix}-${name}.scope`;
  if (!isUnitName(unit)) throw invalid(cgroupsPath, 'this cannot be the name of a unit');
  const slice = asked === '-' ? '-.slice' : asked || usual;
  return { unit, slice, path: `${pathOfSlice(slice)}/${unit}` };
}

/**
 * Where a slice lies: one with dashes in those that its name begins with.
 * @returns the path of its group, empty for the topmost
 * @throws SystemError EINVAL for what is no name of a slice
 * @see systemd.slice(5)
 * @example
 * pathOfSlice('a-b-c.slice'); // '/a.slice/a-b.slice/a-b-c.slice'
 */
export function pathOfSlice(slice: string): string {
  if (slice === '-.slice') return '';
  const [, name = ''] = /^(.+)\.slice$/.exec(slice) ?? [];
  const parts = name.split('-');
  if (parts.includes('') || !isUnitName(slice)) throw invalid(slice, 'this is no name of a slice');
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('');
}

/**
 * Refuses what cannot be the name of a scope: systemd's own answer is about its properties.
 * @throws SystemError EINVAL
 */
export function checkScopeName(unit: string): void {
  if (/^.+\.scope$/.test(unit) && isUnitName(unit)) return;
  throw new SystemError({
    code: 'EINVAL',
    syscall: 'StartTransientUnit',
    path: unit,
    text: 'this cannot be the name of a scope',
    hint: "write a name such as 'box-1.scope': letters, digits and :_.\\@-, fewer than 256; see systemd.unit(5)",
  });
}

/** As long, and of such letters, as systemd takes; see systemd.unit(5). */
function isUnitName(name: string): boolean {
  return name.length < 256 && /^[\w:.\\@-]+$/.test(name);
}

function invalid(path: string | undefined, text: string): SystemError {
  const hint = "write 'system.slice:coracle:NAME', or leave linux.cgroupsPath out";
  return new SystemError({ code: 'EINVAL', syscall: 'StartTransientUnit', path, text, hint });
}
