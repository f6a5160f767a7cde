import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBusyboxRootfs, needs, onlyVersion2, SYSTEMD } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TIMEOUT_MS } from './life-tests.ts';
import { podmanMachine } from './podman-machine.ts';

const IMAGE = 'localhost/box:1';

needs.describe(
  ...SYSTEMD,
  onlyVersion2(),
  ...['podman', 'tar'].map((name) => needs.program(name)),
)('a pod of podman, under systemd', () => {
  const get = podmanMachine();
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'oci-pods-'));
    using root = makeBusyboxRootfs();
    expect(spawnSync('tar', ['-C', root.path, '-cf', join(directory, 'image.tar'), '.']).status).toBe(0);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test(
    'is a slice with a scope for each container; all end with it',
    () => {
      const { podman, machine, good } = get();
      good('import', '--quiet', join(directory, 'image.tar'), IMAGE);
      const infra = ['--infra-image', IMAGE, '--infra-command', '/bin/sleep 1000', '--network', 'none'];
      good('pod', 'create', '--name', 'pod', '--cgroup-parent', podman.cgroupParent, ...infra);
      const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000', '--memory', '64m'];
      const container = good('run', '--detach', '--pod', 'pod', ...limits, IMAGE, 'sleep', '1000')
        .split('\n')
        .at(-1);
      const scope = `libpod-${container}.scope`;
      const id = good('pod', 'inspect', '--format', '{{.ID}}', 'pod');
      const slice = `${podman.cgroupParent.replace(/\.slice$/, '')}-libpod_pod_${id}.slice`;
      expect(machine.show(scope, 'Slice', 'MemoryMax', 'ActiveState')).toEqual({
        Slice: slice,
        MemoryMax: String(64 << 20),
        ActiveState: 'active',
      });
      good('pod', 'pause', 'pod');
      good('pod', 'unpause', 'pod');
      good('pod', 'stop', '--time', '0', 'pod');
      good('pod', 'rm', '--force', 'pod');
      for (const unit of [scope, slice]) expect(machine.show(unit, 'ActiveState')).toEqual({ ActiveState: 'inactive' });
      expect(machine.show(scope, 'LoadState')).toEqual({ LoadState: 'not-found' });
    },
    TIMEOUT_MS,
  );
});
