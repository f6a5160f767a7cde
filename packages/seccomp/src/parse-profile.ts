import { ConfigError } from '@coracle/oci-spec';

const ALL_ONES = '18446744073709551615';

/**
 * The JSON of a profile's file, for {@link resolveProfile}.
 * @throws {ConfigError} for what is no JSON object, and for values that JSON.parse() would change: it would be another filter
 *   then. All bits set, the one that is common, is understood in spite of that
 * @example
 * resolveProfile(parseProfile(readFileSync('profile.json', 'utf8')), target);
 */
export function parseProfile(text: string): object {
  const inexact = inexactValue(text);
  if (inexact !== undefined) throw refused(inexact, 'a number that JSON in JavaScript keeps exactly');
  const profile = parse(text);
  if (typeof profile !== 'object' || profile === null) throw refused(String(profile), 'a JSON object');
  return profile;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused(cause instanceof Error ? cause.message : String(cause), 'JSON');
  }
}

function inexactValue(text: string): string | undefined {
  const values = [...text.matchAll(/"value(?:Two)?"\s*:\s*(\d{16,})/g)].map(([, value = '']) => value);
  return values.find((value) => value !== ALL_ONES && BigInt(value) !== BigInt(Number(value)));
}

function refused(found: string, allowed: string): ConfigError {
  return new ConfigError({ path: '$', found, allowed });
}
