import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { detect } from '@coracle/cgroups';
import { SystemError } from '@coracle/errors';
import { rootlessConfig, specConfig } from '@coracle/oci-spec';
import { parseCommandLine } from '../command-line.ts';

/** `coracle-oci spec`: writes a config.json to go on from, and never over one that is there. */
export async function command(args: readonly string[]): Promise<number> {
  const { options } = parseCommandLine(args, [
    { long: 'bundle', short: 'b', value: 'DIR', help: 'where; the working directory if absent' },
    { long: 'rootless', help: 'for a user without root' },
  ]);
  const path = join(resolve(options.text('bundle') ?? '.'), 'config.json');
  const user = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const hasCgroup2 = detect().version === 'v2';
  const config = options.has('rootless') ? rootlessConfig({ ...user, hasCgroup2 }) : specConfig({ hasCgroup2 });
  if (existsSync(path))
    throw new SystemError({
      code: 'EEXIST',
      syscall: 'open',
      path,
      text: `File ${path} exists. Remove it first`,
      hint: 'or choose another directory with --bundle',
    });
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { flag: 'wx', mode: 0o666 });
  return 0;
}
