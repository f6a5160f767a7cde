import { statSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/**
 * Waits until no other process prepares this checkout, and keeps others out until the result's `release` is called.
 *
 * The lock is a listening socket with a name in the kernel's abstract space: nothing lies on the disk, and it is gone with
 * the process that held it, however that ended. The name is made of the directory's device and inode, so that two paths to
 * one checkout are one lock.
 * @param {string} root the checkout
 * @param {{ onWait?: () => void, timeoutMs?: number }} [options] `onWait` is called once, before the first wait
 * @returns {Promise<{ release: () => void }>}
 * @throws {Error} when another process held the lock for `timeoutMs` (default: 15 minutes)
 */
export async function lockCheckout(root, { onWait, timeoutMs = 15 * 60_000 } = {}) {
  const { dev, ino } = statSync(root);
  const path = `\0coracle-checkout-${dev}-${ino}`;
  const deadline = Date.now() + timeoutMs;
  for (let told = false; ; told = true) {
    const lock = await listen(path);
    if (lock) return lock;
    if (!told) onWait?.();
    if (!(await closed(path, deadline - Date.now()))) {
      throw new Error(`another process has been preparing ${root} for too long; end it and try again`);
    }
  }
}

/** The lock; undefined when another process has the name. */
function listen(path) {
  return new Promise((resolve, reject) => {
    const waiting = new Set();
    const server = createServer((socket) => {
      waiting.add(socket.unref());
      socket.on('error', () => {}); // one that waited and was interrupted
      socket.on('close', () => waiting.delete(socket));
    });
    const release = () => {
      server.close();
      for (const socket of waiting) socket.destroy(); // what the others wait for
    };
    server.on('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen({ path }, () => {
      server.unref();
      resolve({ release });
    });
  });
}

/** Waits until the holder hangs up, by release or by its end: false when it did neither in time. */
function closed(path, timeoutMs) {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const finish = (result) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish(false), Math.max(0, timeoutMs));
    socket.on('error', () => finish(true)).on('close', () => finish(true));
    socket.resume();
  });
}
