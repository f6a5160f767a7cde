import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConsoleListener } from '@coracle/container/detached';
import { closeFd } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { Bundle, Runtime, testRuntime } from './runtime.ts';

let ours: string;
testRuntime((path) => {
  ours = path;
});

/** The process that a descriptor stands for, -1 when it has ended. @see pidfd_open(2) */
function pidOf(listener: ConsoleListener): number | undefined {
  const fd = listener.take();
  if (fd === undefined) return undefined;
  const found = /^Pid:\t(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
  closeFd(fd);
  return Number(found);
}

needs.describe(needs.root, needs.program('busybox'))('--pidfd-socket', () => {
  const test = needs.test();

  test('the process of a container, and of a further program, are sent to it', () => {
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    using listener = new ConsoleListener();
    bundle.configure(['sleep', '1000']);
    const socket = ['--pidfd-socket', listener.path];
    expect(runtime.call(['create', ...socket, '--bundle', bundle.path, 'box'])).toMatchObject({ status: 0, error: '' });
    expect(pidOf(listener)).toBe(runtime.stateOf('box')?.['pid']);
    const file = join(runtime.state, 'pid');
    runtime.call(['exec', '--detach', ...socket, '--pid-file', file, 'box', 'sleep', '1000']);
    expect(pidOf(listener)).toBe(Number(readFileSync(file, 'latin1')));
  });

  test('where nobody listens no container is left', () => {
    using bundle = new Bundle();
    using runtime = new Runtime(ours);
    bundle.configure(['sleep', '1000']);
    expect(runtime.call(['run', '--detach', '--pidfd-socket', '/nothing', '--bundle', bundle.path, 'box'])).toEqual({
      status: 1,
      out: '',
      error: expect.stringContaining("connect '/nothing'"),
    });
    expect(runtime.left()).toEqual([]);
  });
});
