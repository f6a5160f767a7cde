import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Checkout } from './checkout-stand-in.mjs';

const testAsRoot = process.getuid() === 0 ? test : (title, body) => test.skip(`${title} (skipped: needs root)`, body);

/** Nobody's: a user who owns nothing. */
const USER = { uid: 65534, gid: 65534 };

let checkout;
beforeEach(() => {
  checkout = new Checkout();
});
afterEach(() => checkout.remove());

testAsRoot('an ordinary user runs root’s checkout when its build is current', async () => {
  await checkout.start();
  checkout.calls();
  const { stdout, stderr, code } = await checkout.start(['5'], USER);
  expect({ args: JSON.parse(stdout).args, stderr, code }).toEqual({ args: ['5'], stderr: '', code: 5 });
});

testAsRoot('an ordinary user is told who has to build root’s checkout when it is stale', async () => {
  await checkout.start();
  checkout.calls();
  checkout.write('apps/cli/src/main.ts', '// changed');
  const { stdout, stderr, code } = await checkout.start([], USER);
  expect({ stdout, code, calls: checkout.calls() }).toEqual({ stdout: '', code: 125, calls: [] });
  expect(stderr).toMatch(
    /has changed since it was built.*not writable[\s\S]*npm start -- --version.* as root.*git clone/,
  );
});

test('a user who is in no list and has no home can start', async () => {
  const identity = process.getuid() === 0 ? { uid: 54321, gid: 54321 } : {};
  checkout.giveAway();
  const { code } = await checkout.start(['3'], { ...identity, env: { HOME: undefined } });
  expect(code).toBe(3);
  expect(checkout.calls()).toEqual(['npx', 'tsup']);
});
