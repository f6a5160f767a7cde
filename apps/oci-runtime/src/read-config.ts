import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SystemError } from '@coracle/errors';
import type { Config } from '@coracle/oci-spec';
import { parseExactly } from '@coracle/oci-spec/validate';

/**
 * The configuration of a bundle; whether it holds together is looked at by whoever plans with it.
 * @returns the absolute path of the bundle, and what config.json holds
 * @throws SystemError when it cannot be read, EINVAL when it is no JSON
 */
export function readConfig(bundle: string): { bundle: string; config: Config } {
  const directory = resolve(bundle);
  return { bundle: directory, config: readJson(join(directory, 'config.json')) };
}

function readJson(path: string): Config {
  const bytes = readFileSync(path);
  if (!isUtf8(bytes))
    throw new SystemError({
      code: 'EILSEQ',
      syscall: 'read',
      path,
      text: 'this is no UTF-8',
      hint: 'a config.json has to be encoded so',
    });
  try {
    return parseExactly<Config>(bytes.toString());
  } catch (cause) {
    throw new SystemError({
      code: 'EINVAL',
      syscall: 'read',
      path,
      text: `this is no JSON (${cause instanceof Error ? cause.message : cause})`,
      cause,
    });
  }
}

/**
 * The text of a file; `-` is standard input.
 * @throws the error of Node's with the path
 */
export function readText(path: string): string {
  return readFileSync(path === '-' ? 0 : path, 'utf8');
}
