import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { detect, type Machine } from '../src/index.ts';

const segment = fc.stringMatching(/^[a-zA-Z0-9@:._-]{1,8}$/).filter((name) => name !== '.' && name !== '..');
const path = fc.array(fc.oneof(segment, fc.constant('..')), { maxLength: 5 }).map((names) => `/${names.join('/')}`);

/** A machine where everything may be written, with one hierarchy of each version. */
function machineWith({ root, own }: { root: string; own: string }): Machine {
  return detect({
    mountinfo: `30 1 0:1 ${root} /v1/pids rw - cgroup cgroup rw,pids\n31 1 0:2 ${root} /v2 rw - cgroup2 cgroup2 rw\n`,
    selfCgroup: `4:pids:${own}\n0::${own}\n`,
    isWritable: (one) => !one.endsWith('/v2/cgroup.procs'),
    read: () => undefined,
  });
}

test('whatever the kernel says of mounts and groups, no group leads out of its mount', () => {
  fc.assert(
    fc.property(path, path, (root, own) => {
      const { v1, v2 } = machineWith({ root, own });
      for (const [directory, mount] of [
        [v1.pids, '/v1/pids'],
        [v2?.parent ?? '/v2', '/v2'],
      ] as const) {
        expect(directory).toMatch(new RegExp(`^${mount}(/|$)`));
        expect(`${directory}/`).not.toMatch(/\/\.\.\//);
        expect(directory).not.toMatch(/\/$/);
      }
    }),
  );
});

test('the part of a group’s path below the root of the mount is its path in the mount', () => {
  const plain = fc.array(segment, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 3 }), plain, (above, below) => {
      const root = `/${above.join('/')}`;
      const own = `/${[...above, ...below].join('/')}`;
      const { v1, v2 } = machineWith({ root, own });
      expect(v1.pids).toBe(`/v1/pids/${below.join('/')}`);
      expect(v2?.parent).toBe(`/v2/${below.join('/')}`);
    }),
  );
});

test('lines of /proc/self/cgroup that are no such lines are passed over', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (lines) => {
      const noise = lines.map((line) => line.replaceAll(/[\n:]/g, '')).join('\n');
      const machine = detect({
        mountinfo: '30 1 0:1 / /v1/pids rw - cgroup cgroup rw,pids\n',
        selfCgroup: `${noise}\n4:pids:/a:b\n${noise}`,
        isWritable: () => true,
        read: () => undefined,
      });
      expect(machine.v1).toEqual({ pids: '/v1/pids/a:b' });
    }),
  );
});
