import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmdirSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lockCheckout } from '../lock.mjs';

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-lock-'));
});
afterEach(() => rmdirSync(root));

/** Another process that holds the lock until it is ended. */
async function holder() {
  const code = `import { lockCheckout } from ${JSON.stringify(new URL('../lock.mjs', import.meta.url).href)};
    await lockCheckout(${JSON.stringify(root)}); process.stdout.write('held'); process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

test('a free checkout is locked at once', async () => {
  const waits = [];
  const lock = await lockCheckout(root, { onWait: () => waits.push('waited') });
  lock.release();
  expect(waits).toEqual([]);
});

test('the second waits until the first releases, and is told so once', async () => {
  const order = [];
  const first = await lockCheckout(root);
  const second = new Promise((resolve) => {
    const waiting = lockCheckout(root, {
      onWait: () => {
        order.push('second waits');
        resolve(waiting);
      },
    });
    waiting.then(() => order.push('second has it'));
  });
  const pending = Promise.resolve(second).then((lock) => lock.release());
  while (order.length === 0) await new Promise(setImmediate);
  order.push('first releases');
  first.release();
  await pending;
  expect(order).toEqual(['second waits', 'first releases', 'second has it']);
});

test('a holder that was killed leaves no lock behind', async () => {
  const child = await holder();
  const waited = new Promise((resolve) => {
    lockCheckout(root, { onWait: () => child.kill('SIGKILL') }).then(resolve);
  });
  const lock = await waited;
  lock.release();
  expect(child.killed).toBe(true);
});

test('a waiting process is woken by the release, not only by the end of the holder', async () => {
  const lock = await lockCheckout(root);
  const child = holder();
  await expect(Promise.race([child, connections(1)])).resolves.toBe('connected');
  lock.release();
  const process = await child;
  const ended = once(process, 'exit');
  process.kill();
  await ended;

  async function connections(count) {
    const { ino, dev } = statSync(root);
    const name = `@coracle-checkout-${dev}-${ino}`;
    while (readFileSync('/proc/net/unix', 'utf8').split(name).length - 1 < count + 1) await new Promise(setImmediate);
    return 'connected';
  }
});

test('of many at once one holds it at a time', async () => {
  let holders = 0;
  const seen = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const lock = await lockCheckout(root);
      seen.push(++holders);
      await new Promise(setImmediate);
      holders--;
      lock.release();
    }),
  );
  expect(seen).toEqual(Array(8).fill(1));
});

test('two paths to one checkout are one lock', async () => {
  const other = `${root}-link`;
  symlinkSync(root, other);
  const first = await lockCheckout(root);
  try {
    await expect(lockCheckout(other, { timeoutMs: 0 })).rejects.toThrow(/too long/);
  } finally {
    first.release();
    unlinkSync(other);
  }
});

test('waiting for a holder that never ends is given up with the remedy', async () => {
  const child = await holder();
  await expect(lockCheckout(root, { timeoutMs: 0 })).rejects.toThrow(`preparing ${root} for too long; end it`);
  const ended = once(child, 'exit');
  child.kill();
  await ended;
});
