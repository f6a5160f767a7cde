import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  copyApp,
  findLeftovers,
  groupsNamed,
  makeBusyboxRootfs,
  NODE,
  needs,
  Podman,
  removeGroup,
  type Said,
  whyNoPodman,
} from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { builtRuntime, until } from './runtime.ts';

const PROGRAMS = ['podman', 'runc', 'unshare', 'setpriv', 'busybox', 'tar'].map((name) => needs.program(name));
const canTry = needs.root.met && PROGRAMS.every(({ met }) => met);
const MINUTE = 60_000;
const IMAGE = 'localhost/box:1';

/** Started once to see whether it can: a machine may forbid what podman needs. */
function works(how: string, rootless: boolean): ReturnType<typeof needs.program> {
  const why = canTry ? whyNoPodman({ rootless }) : 'not tried';
  return { what: `a podman that starts ${how} containers here (${why})`, met: why === undefined };
}

/** An init for --init: podman's own, or another. */
const INIT = ['catatonit', 'tini', 'docker-init']
  .map((name) => spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim())
  .find((path) => path !== '');

let before: ReturnType<typeof findLeftovers>;
let runtime: string;
let directory: string;
let archive: string;
/** The group above those of pods that are described; podman leaves it. */
let groupsBefore: string[];
beforeAll(() => {
  if (!canTry) return;
  groupsBefore = groupsNamed('libpod_parent');
  before = findLeftovers();
  builtRuntime();
  runtime = copyApp({ app: 'apps/oci-runtime', name: 'coracle-oci.cjs' });
  directory = mkdtempSync(join(tmpdir(), 'oci-pods-'));
  archive = join(directory, 'image.tar');
  using root = makeBusyboxRootfs();
  expect(spawnSync('tar', ['-C', root.path, '-cf', archive, '.']).status).toBe(0);
  spawnSync('chmod', ['-R', 'a+rX', directory]);
});
afterAll(() => {
  if (!canTry) return;
  for (const path of [directory, dirname(runtime)]) rmSync(path, { recursive: true });
  for (const path of groupsNamed('libpod_parent')) if (!groupsBefore.includes(path)) removeGroup(path);
  expect(findLeftovers()).toEqual(before);
});

const shown = NODE === '/usr' ? [] : [NODE];

/** A pod as Kubernetes describes it, of two containers. */
const podOf = (limits: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: played }
spec:
  hostNetwork: false
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
    - name: one
      image: ${IMAGE}
      imagePullPolicy: Never
      command: [sh, -c, 'hostname; echo shared >/dev/shm/file; exec sleep 1000']
      resources: { ${limits} }
      securityContext: { runAsUser: 1234 }
    - name: two
      image: ${IMAGE}
      imagePullPolicy: Never
      command: [sh, -c, 'hostname; until cat /dev/shm/file 2>/dev/null; do sleep 0.1; done; exec sleep 1000']
`;

for (const [who, rootless] of [
  ['root', false],
  ['an ordinary user', true],
] as const)
  needs.describe(
    needs.root,
    ...PROGRAMS,
    works(rootless ? 'rootless' : 'rootful', rootless),
  )(`podman as ${who}, beyond single containers`, () => {
    const test = needs.test();
    let podman: Podman;
    beforeAll(() => {
      const engine = `infra_image = "${IMAGE}"`;
      podman = new Podman({ shown, runtime, rootless, engine });
      expect(podman.call('import', '--change', 'CMD ["sleep","1000"]', archive, IMAGE)).toMatchObject({ status: 0 });
    }, MINUTE);
    afterAll(() => podman?.[Symbol.dispose]());
    const call = (...words: string[]): Said => podman.call(...words);

    test(
      'containers of a pod share its network, its name and its memory, and end with it',
      async () => {
        try {
          const group = rootless ? [] : ['--cgroup-parent', podman.cgroupParent];
          const infra = ['--network', 'none', ...group];
          expect(call('pod', 'create', '--name', 'pod', '--hostname', 'boat', ...infra).status).toBe(0);
          const run = (...words: string[]): Said => call('run', '--rm', '--pod', 'pod', IMAGE, ...words);
          expect(call('run', '-d', '--pod', 'pod', '--name', 'first', IMAGE, 'sleep', '1000').status).toBe(0);
          expect(run('hostname').said).toBe('boat\n');
          const namespaces = ['sh', '-c', 'for kind in net ipc uts; do busybox readlink /proc/self/ns/$kind; done'];
          expect(run(...namespaces)).toEqual(call('exec', 'first', ...namespaces));
          expect(call('pod', 'pause', 'pod').status).toBe(rootless ? 125 : 0);
          if (!rootless) expect(call('pod', 'unpause', 'pod').status).toBe(0);
          expect(call('pod', 'stop', '--time', '0', 'pod').status).toBe(0);
          expect(call('ps', '--quiet').said).toBe('');
        } finally {
          expect(call('pod', 'rm', '--force', 'pod').status).toBe(0);
        }
      },
      2 * MINUTE,
    );

    test(
      'kube play makes the containers of a description, and takes them down',
      async () => {
        const file = join(directory, 'pod.yaml');
        // Version 1 of cgroups has no limits for an ordinary user.
        writeFileSync(file, podOf(rootless ? '' : 'limits: { memory: 64Mi }'), { mode: 0o644 });
        try {
          expect(call('kube', 'play', '--network', 'none', file)).toMatchObject({ status: 0 });
          await until('the second has read what the first wrote', () =>
            call('logs', 'played-two').said.includes('shared'),
          );
          expect(call('logs', 'played-one').said).toBe('played\n');
          expect(call('exec', 'played-one', 'id', '-u').said).toBe('1234\n');
        } finally {
          call('kube', 'down', file);
        }
        expect(call('ps', '--all', '--quiet').said).toBe('');
      },
      2 * MINUTE,
    );

    needs.test({ what: 'an init such as catatonit or tini', met: INIT !== undefined })(
      'an init reaps in front of the program, and a health check tells how it is',
      () => {
        const options = ['--init', '--init-path', INIT ?? '', '--health-interval', 'disable', '--health-retries', '1'];
        const check = ['--health-cmd', 'test -e /healthy'];
        try {
          const words = [...podman.containerOptions(), ...options, ...check, '--name', 'box'];
          expect(call('run', '-d', ...words, '--rootfs', podman.rootfs, 'sleep', '1000')).toMatchObject({ status: 0 });
          expect(call('exec', 'box', 'cat', '/proc/1/cmdline').said).toContain('sleep');
          expect(call('exec', 'box', 'cat', '/proc/1/comm').said).toMatch(
            /^(catatonit|tini|docker-init|dev-init|podman-init)\n$/,
          );
          expect(call('healthcheck', 'run', 'box').status).toBe(1);
          const health = (): string => call('inspect', '--format', '{{.State.Health.Status}}', 'box').said.trim();
          expect(health()).toBe('unhealthy');
          expect(call('exec', 'box', 'touch', '/healthy').status).toBe(0);
          expect(call('healthcheck', 'run', 'box').status).toBe(0);
          expect(health()).toBe('healthy');
        } finally {
          call('rm', '--force', '--time', '0', 'box');
        }
      },
      2 * MINUTE,
    );
  });
