import { expect, test } from '@jest/globals';
import { Readiness } from '../src/readiness.ts';

const READY = 0x001 << 16;

/** A kernel in which these descriptors can be read; says how often it was asked, and for how long it was to wait. */
function kernel(...readable: number[]) {
  const asked: { fds: number[]; waitNs: bigint | undefined }[] = [];
  const poll = (bytes: Uint8Array, time: Uint8Array): number => {
    const words = new Int32Array(bytes.buffer);
    const fds = [...words].filter((_, index) => index % 2 === 0);
    asked.push({ fds, waitNs: new BigInt64Array(time.buffer)[1] });
    fds.forEach((fd, index) => {
      if (readable.includes(fd)) words[index * 2 + 1] = (words[index * 2 + 1] ?? 0) | READY;
    });
    return fds.filter((fd) => readable.includes(fd)).length;
  };
  return { poll, asked, readable };
}

const turns = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('whoever waits for a descriptor that can be read is called, again and again, until he ends it', async () => {
  const { poll } = kernel(5);
  const readiness = new Readiness(poll);
  let calls = 0;
  await new Promise<void>((resolve) => {
    const stop = readiness.watch(5, () => {
      calls++;
      if (calls < 3) return;
      stop();
      resolve();
    });
  });
  await turns(30);
  expect(calls).toBe(3);
});

test('nobody is called for the descriptor of another, nor after another has ended it', async () => {
  const { poll } = kernel(5, 6);
  const readiness = new Readiness(poll);
  const called: string[] = [];
  const stopOther = readiness.watch(7, () => called.push('never'));
  await new Promise<void>((resolve) => {
    let stopLater = (): void => {};
    const stopFirst = readiness.watch(5, () => {
      called.push('first');
      stopFirst();
      stopLater();
      resolve();
    });
    stopLater = readiness.watch(6, () => called.push('later'));
  });
  await turns(30);
  stopOther();
  expect(called).toEqual(['first']);
});

test('the kernel is waited for at first, and asked more and more seldom when nothing happens', async () => {
  const { poll, asked } = kernel();
  const stop = new Readiness(poll).watch(5, () => {});
  await turns(1000);
  stop();
  const inHurry = asked.filter(({ waitNs }) => waitNs !== 0n).length;
  expect(inHurry).toBeGreaterThan(0);
  const seldom = asked.slice(inHurry);
  expect(seldom.every(({ waitNs }) => waitNs === 0n)).toBe(true);
  expect(seldom.length).toBeGreaterThan(2);
  expect(seldom.length).toBeLessThan(800);
});

test('nobody asks when nobody waits', async () => {
  const { poll, asked } = kernel();
  const stop = new Readiness(poll).watch(5, () => {});
  stop();
  await turns(50);
  expect(asked).toEqual([]);
});
