import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  bundledProgram,
  needs,
  type OwnSystemd,
  onlyVersion2,
  PROGRAMS,
  SYSTEMD,
  startSystemd,
} from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const TIMEOUT_MS = 150_000;
/** There is one of this name wherever there is a system; `cpu` is left out of what is delegated. */
const USER = { name: 'daemon', uid: 1, controllers: 'pids memory' };
const EXAMPLE = join(import.meta.dirname, '../../../../examples/limit');

const [NODE, LIMIT] = await bundledProgram(new URL(`file://${EXAMPLE}/limit.ts`));
// The client for D-Bus is not in the bundle: it is beside the package, as for who installs both.
const CLIENT = 'node_modules/@homebridge';
symlinkSync(join(import.meta.dirname, '../..', CLIENT), join(dirname(LIMIT), CLIENT));

needs.describe(...SYSTEMD, onlyVersion2())(
  'the command limit, which says nothing of who keeps groups, under systemd',
  () => {
    let systemd: OwnSystemd;
    beforeAll(async () => {
      systemd = await startSystemd({ user: USER, programs: dirname(LIMIT) });
    }, TIMEOUT_MS);
    afterAll(async () => await systemd?.[Symbol.asyncDispose](), TIMEOUT_MS);

    const AS_USER = ['setpriv', `--reuid=${USER.uid}`, `--regid=${USER.uid}`, '--clear-groups', '--'];
    const limit = (...args: string[]): string[] => [
      'env',
      '-i',
      'PATH=/usr/bin:/bin',
      NODE,
      `${PROGRAMS}/limit.mjs`,
      ...args,
    ];
    const SHOW = ['sh', '-c', 'cat /proc/self/cgroup; exit 7'];

    test(
      'a command of root’s runs in a slice of the machine’s systemd',
      async () => {
        const { code, output } = await systemd.run(limit('--pids', '20', '--memory', '64m', '--', ...SHOW));
        expect(output).toMatch(/^0::\/limit\\x2d\d+\.slice\/run-/m);
        expect(output).toMatch(/^limit: peak memory [\d.]+ MiB/m);
        expect(code).toBe(7);
      },
      TIMEOUT_MS,
    );

    test(
      'one of an ordinary user’s runs in a slice of his own, although no variable says where that systemd is; nothing is left',
      async () => {
        const { code, output } = await systemd.run([
          ...AS_USER,
          ...limit('--pids', '20', '--memory', '64m', '--', ...SHOW),
        ]);
        const [, slice] =
          /^0::\/user\.slice\/user-1\.slice\/user@1\.service\/(limit\\x2d\d+\.slice)\/run-/m.exec(output) ?? [];
        expect(slice ?? output).toMatch(/^limit/);
        expect(output).toMatch(/^limit: peak memory [\d.]+ MiB/m);
        expect(code).toBe(7);
        expect(systemd.read(`user.slice/user-1.slice/user@1.service/cgroup.controllers`)).toMatch(/memory/);
        expect(systemd.read(`user.slice/user-1.slice/user@1.service/${slice}/cgroup.controllers`)).toBeUndefined();
      },
      TIMEOUT_MS,
    );

    test(
      'what the user’s systemd would take and not put in force is refused, with what helps',
      async () => {
        const { code, output } = await systemd.run([...AS_USER, ...limit('--cpus', '0.5', '--', 'echo', 'it ran')]);
        expect(output).toContain('systemd has no controller cpu here');
        expect(output).toContain('Delegate=cpu memory pids');
        expect(output).not.toContain('it ran');
        expect(code).toBe(125);
      },
      TIMEOUT_MS,
    );

    test(
      'a command that is not there ends with 127, as in a group of files',
      async () => {
        const { code } = await systemd.run([...AS_USER, ...limit('--pids', '20', '--', '/no/such/command')]);
        expect(code).toBe(127);
      },
      TIMEOUT_MS,
    );
  },
);
