import { ConfigError } from '@coracle/oci-spec';
import { parseExactly } from '@coracle/oci-spec/validate';

/**
 * The JSON of a profile's file, for {@link resolveProfile}. What rules compare with is exact, as JSON.parse() alone would not
 * have it: it would be another filter then.
 * @throws {ConfigError} for what is no JSON object
 * @example
 * resolveProfile(parseProfile(readFileSync('profile.json', 'utf8')), target);
 */
export function parseProfile(text: string): object {
  const profile = parse(text);
  if (typeof profile !== 'object' || profile === null) throw refused(String(profile), 'a JSON object');
  return profile;
}

function parse(text: string): unknown {
  try {
    return parseExactly(text);
  } catch (cause) {
    throw refused(cause instanceof Error ? cause.message : String(cause), 'JSON');
  }
}

function refused(found: string, allowed: string): ConfigError {
  return new ConfigError({ path: '$', found, allowed });
}
