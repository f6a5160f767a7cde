import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { type Config, rootlessConfig } from '@coracle/oci-spec';
import { bundledProgram, needs, PLAIN_USER } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { type Bundle, makeBundle } from './support/bundle.ts';
import { comparable } from './support/compare.ts';
import { PROBE, parseSight } from './support/probe.ts';

const PROGRAM = await bundledProgram(new URL('../programs/run-config.ts', import.meta.url));
const MINUTE = 60_000;
const NODES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
const [uid, gid] = [PLAIN_USER, PLAIN_USER];

let bundle: Bundle;
beforeAll(() => {
  bundle = makeBundle();
  mkdirSync(`${bundle.path}/state`);
  chmodSync(bundle.path, 0o755);
  // What is made in the root is made by him.
  spawnSync('chown', ['-R', `${uid}:${gid}`, bundle.path]);
});
afterAll(() => bundle[Symbol.dispose]());

function asPlainUser(...command: string[]): { stdout: string; stderr: string; status: number | null } {
  return spawnSync('setpriv', ['--reuid', `${uid}`, '--regid', `${gid}`, '--clear-groups', ...command], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', XDG_RUNTIME_DIR: `${bundle.path}/state` },
  });
}

function run(config: Config): { exitCode?: number; stdout: string; stderr: string; path?: string; message?: string } {
  bundle.write(config);
  const node = [...PROGRAM];
  const { stdout, stderr } = asPlainUser(...node, bundle.path, `${bundle.path}/state/coracle`);
  if (!stdout.startsWith('{')) throw new Error(`the program printed no result: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

/** What `coracle-oci spec --rootless` writes, with a script as the program. */
function config(script: string): Config {
  const base = rootlessConfig({ uid, gid });
  if (!base.process) throw new TypeError('the usual configuration has a process');
  const env = [...(base.process.env ?? []), 'PROBE_MASKED=/proc/kcore /proc/keys', 'PROBE_READ_ONLY=/proc/sys'];
  // Each runtime has groups of its own in place of limits that an ordinary user cannot set.
  const mounts = base.mounts?.filter(({ type }) => type !== 'cgroup') ?? [];
  return { ...base, process: { ...base.process, terminal: false, args: ['sh', '-c', script], env }, mounts };
}

describe('the configuration of an ordinary user', () => {
  needs.test(needs.root, needs.program('setpriv'))(
    'makes a container in which he is root and nobody else is there',
    () => {
      const { stdout, stderr } = run(config('id -u; cat /proc/self/uid_map; touch /dev/shm/x && echo written'));
      expect(stderr).toBe('');
      expect(stdout.split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' '))).toEqual([
        '0',
        `0 ${uid} 1`,
        'written',
        '',
      ]);
    },
    MINUTE,
  );

  needs.test(needs.root, needs.program('setpriv'), needs.program('runc'))(
    'shows him the same as under runc',
    () => {
      const wanted = config(PROBE);
      const ours = comparable(parseSight(run(wanted).stdout), { id: 'no-id', config: wanted, joinable: {} });
      const root = `${bundle.path}/state/runc`;
      const theirs = asPlainUser('runc', '--root', root, 'run', '--bundle', bundle.path, 'box');
      const { '/proc/self/cgroup': _, ...sight } = ours;
      const { '/proc/self/cgroup': _theirs, ...expected } = comparable(parseSight(theirs.stdout), {
        id: 'box',
        config: wanted,
        joinable: {},
      });
      expect(sight).toEqual(expected);
    },
    MINUTE,
  );

  needs.test(needs.root, needs.program('setpriv'))(
    "can execute nothing through the host's devices that he is shown",
    () => {
      const { stdout } = run(config(`grep -E ' /dev/(${NODES.join('|')}) ' /proc/self/mountinfo`));
      const options = stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[5]);
      expect(options).toEqual(NODES.map(() => expect.stringMatching(/^rw,nosuid,noexec\b/)));
    },
    MINUTE,
  );

  needs.test(needs.root, needs.program('setpriv'))(
    'names /dev/ptmx among its devices, and has the terminals of the container there all the same',
    () => {
      const { linux, ...rest } = config('ls -lLn /dev/ptmx; ls -l /dev/ptmx');
      const ptmx = { type: 'c' as const, path: '/dev/ptmx', major: 5, minor: 2 };
      const { stdout, message } = run({ ...rest, linux: { ...linux, devices: [ptmx] } });
      expect(message).toBeUndefined();
      expect(stdout).toMatch(/^crw-rw-rw- +1 0 +0 +5, +2 .*\n.* -> pts\/ptmx\n$/);
    },
    MINUTE,
  );

  needs.test(needs.root, needs.program('setpriv'))(
    'cannot ask for what only root can give, and is told where it does',
    () => {
      const { linux, ...rest } = config('true');
      const limited = { ...rest, linux: { ...linux, resources: { pids: { limit: 5 } } } };
      expect(run(limited)).toMatchObject({ code: 'ERR_CORACLE_CONFIG', path: '$.linux.resources' });
      const inGroups = (additionalGids: number[]): Config => ({
        ...config('true'),
        process: { args: ['true'], cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0, additionalGids } },
      });
      expect(run(inGroups([0, 5]))).toMatchObject({ path: '$.process.user.additionalGids' });
      expect(run(inGroups([0]))).toMatchObject({ exitCode: 0 });
      const grouped = { ...rest, linux: { ...linux, cgroupsPath: '/coracle/box' } };
      expect(run(grouped)).toMatchObject({ code: 'ERR_CORACLE_CONFIG', path: '$.linux.cgroupsPath' });
      const device = { type: 'c' as const, path: '/dev/no-such-device', major: 1, minor: 3 };
      expect(run({ ...rest, linux: { ...linux, devices: [device] } })).toMatchObject({
        path: '$.linux.devices[0].path',
      });
    },
    MINUTE,
  );
});
