import { needs, onlyVersion2, SYSTEMD } from '@coracle/test-support';
import { expect, test } from '@jest/globals';
import { TIMEOUT_MS } from './life-tests.ts';
import { podmanMachine } from './podman-machine.ts';

needs.describe(
  ...SYSTEMD,
  onlyVersion2(),
  needs.program('podman'),
)('podman that leaves groups to systemd', () => {
  const get = podmanMachine();

  test(
    'has its containers in scopes with their limits, enters, counts, pauses, changes, stops and removes them',
    () => {
      const { podman, machine, good, begin } = get();
      const scope = begin('box', ...podman.containerOptions(), '--pids-limit', '30', '--memory', '64m');
      expect(machine.show(scope, 'Slice', 'TasksMax', 'MemoryMax')).toEqual({
        Slice: podman.cgroupParent,
        TasksMax: '30',
        MemoryMax: String(64 << 20),
      });
      expect(good('exec', 'box', 'echo', 'hello')).toBe('hello');
      expect(good('stats', '--no-stream', '--format', '{{.PIDs}} {{.MemUsage}}', 'box')).toMatch(/^1 .* \/ 67\.11MB$/);
      good('pause', 'box');
      expect(good('inspect', '--format', '{{.State.Status}}', 'box')).toBe('paused');
      good('unpause', 'box');
      good('update', '--memory', '96m', 'box');
      expect(machine.show(scope, 'MemoryMax')).toEqual({ MemoryMax: String(96 << 20) });
      good('stop', 'box');
      good('rm', 'box');
      expect(machine.show(scope, 'LoadState')).toEqual({ LoadState: 'not-found' });
    },
    TIMEOUT_MS,
  );
});
