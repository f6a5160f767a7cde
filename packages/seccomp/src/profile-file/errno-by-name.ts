import { errnoName, errnoNumber } from '@coracle/errors';
import { type Check, checks } from '@coracle/oci-spec';

/** Past the last errno that Linux has. */
const END = 134;

const NUMBERS = new Map<unknown, number>();
for (let number = 1; number < END; number++) {
  const name = errnoName(number);
  if (name !== undefined) NUMBERS.set(name, number);
}

/** Second names that errno(3) has for the same numbers. */
const ALIASES = { EWOULDBLOCK: 'EAGAIN', EDEADLOCK: 'EDEADLK', ENOTSUP: 'EOPNOTSUPP' } as const;
for (const [alias, name] of Object.entries(ALIASES)) NUMBERS.set(alias, errnoNumber(name));

/** The number of an errno's name. `undefined` for other text. */
export function errnoByName(name: string): number | undefined {
  return NUMBERS.get(name);
}

/** The name of an errno, which Podman's profiles have beside the number. */
export const errnoNameCheck: Check<string> = (value, at, problems): value is string =>
  NUMBERS.has(value) || checks.report(problems, { path: at, value, allowed: "the name of an errno, such as 'EPERM'" });
