import { ConfigError } from './config-error.ts';
import type { Config } from './types/config.ts';
import { config } from './validate/config.ts';
import { type Problem, show } from './validate/problem.ts';

/**
 * Checks that a value is a configuration, and returns the same value with its type.
 *
 * Checked are the shape and what can be known without the machine: ranges, absolute paths, known names, duplicates,
 * and settings that need a namespace. Unknown fields pass. What the machine cannot do shows when the container is made.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`; it names every problem with its JSON path.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md
 * @example
 * const config = validateConfig(JSON.parse(readFileSync('config.json', 'utf8')));
 */
export function validateConfig(value: unknown): Config {
  const problems: Problem[] = [];
  if (config(value, '$', problems)) return value;
  const [first = { path: '$', found: show(value), allowed: 'a configuration' }, ...others] = problems;
  throw new ConfigError(first, others);
}
