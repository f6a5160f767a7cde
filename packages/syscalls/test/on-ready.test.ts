import { readdirSync, readSync, writeSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { closeFd, eventfd, onReady } from '../src/index.ts';

test('an eventfd calls back when it is raised, and gives its count', async () => {
  const fd = eventfd();
  const count = new BigUint64Array(1);
  try {
    const raised = new Promise<void>((resolve) => {
      const stop = onReady(fd, 'readable', () => {
        readSync(fd, count);
        stop();
        resolve();
      });
    });
    writeSync(fd, new BigUint64Array([3n]));
    writeSync(fd, new BigUint64Array([4n]));
    await raised;
    expect(count[0]).toBe(7n);
    expect(() => readSync(fd, count)).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
  } finally {
    closeFd(fd);
  }
});

test('waiting for priority does not call back for what can merely be read, and holds no descriptor afterwards', async () => {
  const fd = eventfd();
  try {
    const before = readdirSync('/proc/self/fd').length;
    let called = 0;
    const stop = onReady(fd, 'priority', () => {
      called++;
    });
    writeSync(fd, new BigUint64Array([1n]));
    // A second wait that is served shows that the first had its turn.
    await new Promise<void>((resolve) => {
      const stopReading = onReady(fd, 'readable', () => {
        stopReading();
        resolve();
      });
    });
    stop();
    expect(called).toBe(0);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  } finally {
    closeFd(fd);
  }
});

test('a descriptor that is none is refused, and nothing is left open', () => {
  const before = readdirSync('/proc/self/fd').length;
  expect(() => onReady(999_999, 'priority', () => {})).toThrow(
    expect.objectContaining({ code: 'EBADF', syscall: 'epoll_ctl' }),
  );
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});
