import { errnoName, errnoNumber } from '@coracle/errors';
import { type Check, report } from '@coracle/oci-spec/checks';

/** Past the last errno that Linux has. */
const END = 134;

/** Second names that errno(3) has for the same numbers. */
const ALIASES = { EWOULDBLOCK: 'EAGAIN', EDEADLOCK: 'EDEADLK', ENOTSUP: 'EOPNOTSUPP' } as const;

let made: Map<unknown, number> | undefined;

function numbers(): ReadonlyMap<unknown, number> {
  if (made) return made;
  made = new Map();
  for (let number = 1; number < END; number++) {
    const name = errnoName(number);
    if (name !== undefined) made.set(name, number);
  }
  for (const [alias, name] of Object.entries(ALIASES)) made.set(alias, errnoNumber(name));
  return made;
}

/** The number of an errno's name. `undefined` for other text. */
export function errnoByName(name: string): number | undefined {
  return numbers().get(name);
}

/** The name of an errno, which Podman's profiles have beside the number. */
export const errnoNameCheck: Check<string> = (value, at, findings): value is string =>
  numbers().has(value) || report(findings, { path: at, value, allowed: "the name of an errno, such as 'EPERM'" });
