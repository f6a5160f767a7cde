import { expect, test } from '@jest/globals';
import { type Bus, createScope, pathOfSlice, unitPlace } from '../../src/systemd/index.ts';

test.each([
  ['a.slice', '/a.slice'],
  ['a-b-c.slice', '/a.slice/a-b.slice/a-b-c.slice'],
  ['user-1000.slice', '/user.slice/user-1000.slice'],
  ['-.slice', ''],
])('the slice %s lies at %j', (slice, path) => {
  expect(pathOfSlice(slice)).toBe(path);
});

test.each([
  '',
  'a',
  'a.slice/b.slice',
  'a--b.slice',
  '-a.slice',
  'a-.slice',
  '.slice',
  'a b.slice',
  `${'a'.repeat(250)}.slice`,
])('%j is no slice', (slice) => {
  expect(() => pathOfSlice(slice)).toThrow(expect.objectContaining({ code: 'EINVAL', path: slice }));
});

test.each([
  // What podman, containerd with Kubernetes, and CRI-O ask for.
  [
    'machine.slice:libpod:4711',
    { unit: 'libpod-4711.scope', slice: 'machine.slice', path: '/machine.slice/libpod-4711.scope' },
  ],
  [
    'kubepods-besteffort-pod1.slice:cri-containerd:4711',
    {
      unit: 'cri-containerd-4711.scope',
      slice: 'kubepods-besteffort-pod1.slice',
      path: '/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/cri-containerd-4711.scope',
    },
  ],
  [':crio:4711', { unit: 'crio-4711.scope', slice: 'system.slice', path: '/system.slice/crio-4711.scope' }],
  ['-:a:b', { unit: 'a-b.scope', slice: '-.slice', path: '/a-b.scope' }],
  ['x.slice::b', { unit: '-b.scope', slice: 'x.slice', path: '/x.slice/-b.scope' }],
  ['', { unit: 'coracle-box.scope', slice: 'system.slice', path: '/system.slice/coracle-box.scope' }],
  [undefined, { unit: 'coracle-box.scope', slice: 'system.slice', path: '/system.slice/coracle-box.scope' }],
])('a container at %j is %j', (cgroupsPath, place) => {
  expect(unitPlace(cgroupsPath, { id: 'box' })).toEqual(place);
});

test('a user has his containers where he says', () => {
  expect(unitPlace(undefined, { id: 'box', slice: 'user.slice' }).path).toBe('/user.slice/coracle-box.scope');
});

test.each([
  ['/system.slice/box', 'slice:prefix:name'],
  ['a:b', 'slice:prefix:name'],
  ['a.slice:b:c:d', 'slice:prefix:name'],
  ['a.slice:b:c.slice', 'takes no processes'],
  ['a.slice:b:c/d', 'name of a unit'],
  ['a/b.slice:b:c', 'no name of a slice'],
])('%s is refused, and says why', (cgroupsPath, reason) => {
  expect(() => unitPlace(cgroupsPath, { id: 'box' })).toThrow(reason);
});

test.each(['', '.scope', 'box', 'box.service', 'a b.scope', 'a/b.scope', `${'a'.repeat(250)}.scope`])(
  '%j is no scope, which is said before systemd is asked',
  async (unit) => {
    const bus: Bus = {
      timeoutMs: 1,
      call: () => Promise.reject(new Error('systemd was asked')),
      onSignal: () => () => {},
      [Symbol.dispose]: () => {},
    };
    await expect(createScope(bus, unit, { pids: [process.pid] })).rejects.toMatchObject({
      code: 'EINVAL',
      path: unit,
      hint: expect.stringContaining('box-1.scope'),
    });
  },
);
