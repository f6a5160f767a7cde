import { spawnSync } from 'node:child_process';
import { bundledProgram, needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import type { Check } from '../../src/doctor/index.ts';

const PROGRAM = await bundledProgram(new URL('programs/print-checks.ts', import.meta.url));
const MINUTE = 60_000;
const AS_NOBODY = 'exec setpriv --reuid 65534 --regid 65534 --clear-groups';

/** What the doctor finds in a mount namespace of its own in which this shell script has run; it ends with `exec ... "$@"`. */
function findings(script: string, ...unshareOptions: string[]): Map<string, Check> {
  const node = [...PROGRAM];
  const { stdout, stderr } = spawnSync('unshare', ['-m', ...unshareOptions, 'sh', '-ec', script, 'sh', ...node], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (!stdout.startsWith('[')) throw new Error(`the doctor printed nothing: ${stdout}${stderr}`);
  const checks: Check[] = JSON.parse(stdout);
  return new Map(checks.map((check) => [check.topic, check]));
}

const provoked = needs.test(needs.root, needs.program('unshare'), needs.program('setpriv'));

provoked(
  'an ordinary user without ids of his own is told so, and that all the rest works',
  () => {
    const script = `for f in subuid subgid; do mount --bind /dev/null /etc/$f; done; ${AS_NOBODY} "$@"`;
    const checks = findings(script);
    expect(checks.get('user id ranges')).toMatchObject({
      status: 'warning',
      fix: 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 nobody',
    });
    expect(checks.get('root')).toBeUndefined();
    expect(['agent', 'user namespaces', 'proc'].map((topic) => checks.get(topic)?.status)).toEqual(['ok', 'ok', 'ok']);
  },
  MINUTE,
);

provoked(
  'a masked /proc is recognised as that of another container',
  () => {
    const checks = findings(`mount --bind /dev/null /proc/meminfo; ${AS_NOBODY} "$@"`);
    expect(checks.get('proc')).toMatchObject({ status: 'missing', fix: expect.stringContaining('unmask=ALL') });
    expect(checks.get('user namespaces')?.status).toBe('ok');
  },
  MINUTE,
);

provoked(
  'user namespaces that are switched off are named with their setting',
  () => {
    const checks = findings('echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', '--user', '--map-root-user');
    expect(checks.get('user namespaces')).toMatchObject({
      found: 'none are allowed: user.max_user_namespaces is 0',
      fix: expect.stringContaining('sudo sysctl --system'),
    });
    expect(checks.get('proc')).toBeUndefined();
  },
  MINUTE,
);

provoked(
  'root without CAP_SYS_ADMIN is told to have itself started with it, or to use a user namespace',
  () => {
    const checks = findings('exec setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$@"');
    expect(checks.get('root')).toMatchObject({
      status: 'missing',
      found: 'lacks SYS_ADMIN, as inside another container',
      fix: 'start the container around this with --cap-add SYS_ADMIN, or run with --userns auto',
    });
  },
  MINUTE,
);

provoked(
  'a user id range is of no use under no_new_privs',
  () => {
    const grant = 'echo 65534:200000:65536 > /mnt/ids; for f in subuid subgid; do mount --bind /mnt/ids /etc/$f; done';
    const checks = findings(`mount -t tmpfs tmpfs /mnt; ${grant}; ${AS_NOBODY} --no-new-privs "$@"`);
    expect(checks.get('user id ranges')?.found).toContain('no_new_privs is set');
  },
  MINUTE,
);
