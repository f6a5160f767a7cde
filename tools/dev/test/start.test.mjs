import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Checkout, MAIN } from './checkout-stand-in.mjs';

let checkout;
beforeEach(() => {
  checkout = new Checkout();
});
afterEach(() => checkout.remove());

describe('the first start', () => {
  test('installs what the lock file says, builds, and runs the command', async () => {
    const { stdout, code } = await checkout.start(['run', 'a b', '']);
    expect(JSON.parse(stdout)).toMatchObject({
      args: ['run', 'a b', ''],
      self: join(checkout.root, 'apps/cli/dist/coracle.cjs'),
    });
    expect(code).toBe(0);
    expect(readFileSync(checkout.log, 'utf8')).toMatch(/^npx --yes \S+ pnpm@1\.2\.3 install --frozen-lockfile/);
    expect(checkout.calls()).toEqual(['npx', 'tsup']);
  });

  test('says what is happening, and says it on standard error', async () => {
    const { stdout, stderr } = await checkout.start();
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/first start: installing[\s\S]*goes on and on[\s\S]*building the command/);
  });

  test('leaves standard input to the command', async () => {
    const { stdout } = await checkout.start(['read'], { input: 'from a pipe' });
    expect(JSON.parse(stdout).read).toBe('from a pipe');
  });

  test('ends with the exit code of the command', async () => {
    expect((await checkout.start(['42'])).code).toBe(42);
  });

  test.each([
    ['is not writable', () => ({ HOME: '/proc' })],
    ['holds an npm cache that is not writable', () => ({ npm_config_cache: '/proc/npm' })],
  ])('lends the installer a home of its own where the user’s %s, and removes it', async (_, env) => {
    const { code } = await checkout.start([], { env: env() });
    expect(code).toBe(0);
    const home = /^home (.*)$/m.exec(readFileSync(checkout.log, 'utf8'))?.[1];
    expect(home).toMatch(/coracle-home-/);
    expect(() => readFileSync(home)).toThrow(/ENOENT/);
  });
});

describe('a later start', () => {
  beforeEach(async () => {
    await checkout.start();
    checkout.calls();
  });

  test('does nothing but run the command', async () => {
    const { stderr, code } = await checkout.start(['7']);
    expect({ stderr, code, calls: checkout.calls() }).toEqual({ stderr: '', code: 7, calls: [] });
  });

  test.each([
    [
      'a source of a package changed',
      () => checkout.write('packages/errors/src/index.ts', '// a longer package'),
      ['tsup'],
    ],
    ['a file was added below a source directory', () => checkout.write('packages/errors/src/a/b.ts', ''), ['tsup']],
    ['a source was removed', () => rmSync(join(checkout.root, 'packages/errors/src/index.ts')), ['tsup']],
    ['a new package has sources', () => checkout.write('packages/new/src/index.ts', ''), ['tsup']],
    ['a shared preset changed', () => checkout.write('tools/presets/tsup.ts', 'x'), ['tsup']],
    [
      'the built command was removed',
      () => rmSync(join(checkout.root, 'apps/cli/dist'), { recursive: true }),
      ['tsup'],
    ],
    ['the lock file changed', () => checkout.write('pnpm-lock.yaml', 'new lock'), ['npx', 'tsup']],
    ['a package has other dependencies', () => checkout.write('packages/errors/package.json', '{ }'), ['npx', 'tsup']],
    [
      'node_modules was removed',
      () => rmSync(join(checkout.root, 'node_modules'), { recursive: true }),
      ['npx', 'tsup'],
    ],
    ['a test changed', () => checkout.write('packages/errors/test/a.test.ts', ''), []],
  ])('when %s does what that asks for', async (_, change, calls) => {
    change();
    expect((await checkout.start()).code).toBe(0);
    expect(checkout.calls()).toEqual(calls);
    await checkout.start();
    expect(checkout.calls()).toEqual([]);
  });

  test('runs the new command after its source changed', async () => {
    checkout.write('apps/cli/src/main.ts', `${MAIN}console.log('new');`);
    expect((await checkout.start()).stdout).toMatch(/new$/m);
  });

  test('removes what a killed build left', async () => {
    mkdirSync(join(checkout.root, 'apps/cli/dist/.new-killed'));
    checkout.write('packages/errors/src/index.ts', 'changed');
    await checkout.start();
    expect(checkout.has('apps/cli/dist/.new-killed')).toBe(false);
  });
});

describe('two starts at once', () => {
  test('install and build once, and both run the command', async () => {
    const both = await Promise.all([checkout.start(['one']), checkout.start(['two'])]);
    expect(both.map(({ stdout }) => JSON.parse(stdout).args)).toEqual([['one'], ['two']]);
    expect(checkout.calls()).toEqual(['npx', 'tsup']);
  });
});

describe('a start that cannot succeed', () => {
  test('shows the installer’s output and exits with 125', async () => {
    checkout.write('install-fails', '');
    const { stdout, stderr, code } = await checkout.start();
    expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
    expect(stderr).toMatch(/ERR no such version[\s\S]*^coracle: npx .* failed with exit code 3$/m);
  });

  test('shows the builder’s output, keeps the old build and exits with 125', async () => {
    await checkout.start();
    checkout.write('apps/cli/src/main.ts', 'SYNTAX');
    const { stdout, stderr, code } = await checkout.start();
    expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
    expect(stderr).toMatch(/main\.ts: no such syntax[\s\S]*failed with exit code 1$/m);
    expect(readFileSync(join(checkout.root, 'apps/cli/dist/coracle.cjs'), 'utf8')).toBe(MAIN);
  });

  test('is tried again by the next one', async () => {
    checkout.write('install-fails', '');
    await checkout.start();
    rmSync(join(checkout.root, 'install-fails'));
    expect((await checkout.start()).code).toBe(0);
  });

  test('says so when npx is not there', async () => {
    const { stderr, code } = await checkout.start([], { env: { PATH: '/nonexistent' } });
    expect(code).toBe(125);
    expect(stderr).toMatch(/could not start npx: .*ENOENT/);
  });
});
