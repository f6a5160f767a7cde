import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { askedOf } from '../../src/known-start/asked.ts';
import { keptIn } from '../../src/known-start/kept-in.ts';
import { type Asked, isFor, type KnownStart, keep, placeOf, recall } from '../../src/known-start/known-start.ts';

const ASKED: Asked = { build: 'one', words: ['-q', 'true'], cwd: '/', uid: 0, gid: 0, nulls: [] };

let stateRoot: string;
beforeAll(() => {
  stateRoot = mkdtempSync(join(tmpdir(), 'coracle-known-'));
});
afterAll(() => rmSync(stateRoot, { recursive: true }));

function known(change: Partial<KnownStart['sent']> = {}): KnownStart {
  const sent = {
    id: 'c0ffee123456',
    stateRoot,
    title: 'coracle: monitor of c0ffee123456',
    monitor: Uint8Array.of(0, 10, 255, 13),
    first: Uint8Array.of(1, 2),
    report: { init: { offset: 8, length: 8 } },
    statFiles: 0,
    state: {} as KnownStart['sent']['state'],
    ...change,
  };
  return { ...ASKED, facts: [], env: [], sent, said: { atStart: ['a\nb'], outOfMemory: undefined, json: false } };
}

test('a start comes back as it was kept', () => {
  const place = placeOf(stateRoot, ASKED);
  keep(stateRoot, known());
  const { sent, ...rest } = recall(place);
  expect(rest).toEqual({ ...ASKED, facts: [], env: [], said: { atStart: ['a\nb'], json: false } });
  expect([...sent.monitor, ...sent.first]).toEqual([0, 10, 255, 13, 1, 2]);
  expect(sent.title).toBe('coracle: monitor of c0ffee123456');
  expect(readdirSync(stateRoot)).toHaveLength(1);
});

test('is kept in a new cache of a home that is there, and else nowhere', () => {
  const cache = join(stateRoot, '.cache/coracle');
  keep(cache, known());
  expect(existsSync(placeOf(cache, ASKED))).toBe(true);
  rmSync(join(stateRoot, '.cache'), { recursive: true });
  keep(join(stateRoot, 'home/.cache/coracle'), known());
  expect(existsSync(join(stateRoot, 'home'))).toBe(false);
  keep('/proc/nothing/.cache/coracle', known()); // and comes back
});

test('what is asked for in other words, or elsewhere, does not take the place of another', () => {
  const asked = Array.from({ length: 200 }, (_, index) =>
    ['/', '/srv'].map((cwd) => ({ words: ['echo', `${index}`], cwd })),
  );
  expect(new Set(asked.flat().map((one) => placeOf(stateRoot, one))).size).toBe(400);
});

test('of more than sixty-four the oldest are forgotten', () => {
  const directory = join(stateRoot, 'many');
  mkdirSync(directory);
  const kept = Array.from({ length: 70 }, (_, index) => ({ ...known(), words: ['echo', `${index}`] }));
  for (const [index, one] of kept.entries()) {
    keep(directory, one);
    utimesSync(placeOf(directory, one), index, index);
  }
  expect(kept.map((one) => existsSync(placeOf(directory, one)))).toEqual(kept.map((_, index) => index >= 6));
  expect(readdirSync(directory)).toHaveLength(64);
  rmSync(directory, { recursive: true });
});

test('of those with long arguments none is kept', () => {
  const empty = join(stateRoot, 'empty');
  mkdirSync(empty);
  keep(empty, known({ first: new Uint8Array(256 * 1024) }));
  expect(readdirSync(empty)).toEqual([]);
  rmSync(empty, { recursive: true });
});

test('one that cannot be kept is no failure, and leaves nothing', () => {
  writeFileSync(join(stateRoot, 'file'), '');
  expect(() => keep(join(stateRoot, 'file'), known())).not.toThrow();
  expect(readdirSync(stateRoot).filter((name) => name.startsWith('.'))).toEqual([]);
});

test.each<[string, Record<string, string>, string | undefined]>([
  ['/run/coracle', { XDG_CACHE_HOME: '/cache' }, '/run/coracle'],
  ['/run/user/1000/coracle', { HOME: '/home/one' }, '/run/user/1000/coracle'],
  ['/tmp/coracle-1000', { HOME: '/home/one' }, '/home/one/.cache/coracle'],
  ['/tmp/coracle-1000', { HOME: '/home/one', XDG_CACHE_HOME: '/cache' }, '/cache/coracle'],
  ['/tmp/coracle-1000', { HOME: '/home/one', XDG_CACHE_HOME: '' }, '/home/one/.cache/coracle'],
  ['/tmp/coracle-1000', { XDG_CACHE_HOME: 'cache' }, undefined],
  ['/tmp/coracle-1000', {}, undefined],
])('of containers in %s with %j starts are kept in %s', (state, env, directory) => {
  expect(keptIn(state, env)).toBe(directory);
});

test.each<Partial<Asked>>([
  { build: 'two' },
  { words: ['-q', 'false'] },
  { words: ['-q true'] },
  { cwd: '/tmp' },
  { uid: 1 },
  { gid: 1 },
])('it is for what was asked alone, not with %j', (change) => {
  expect(isFor(ASKED, { ...ASKED })).toBe(true);
  expect(isFor({ ...ASKED, ...change }, ASKED)).toBe(false);
});

test('what is more than a start is planned, and for whoever looks into the process', () => {
  const process = {
    argv: ['node', 'coracle', 'run', '-q', 'true'],
    execArgv: [],
    env: {},
    cwd: () => '/',
    geteuid: () => 0,
    getegid: () => 0,
  };
  const ask = (change: object, terminal?: number): Asked | undefined =>
    askedOf({ ...process, ...change } as unknown as NodeJS.Process, {
      build: 'one',
      isTerminal: (fd) => fd === terminal,
      nullStdio: () => [],
    });
  expect(ask({})).toEqual(ASKED);
  expect(ask({ argv: ['node', 'coracle', 'inspect', 'box'] })).toBe(undefined);
  expect(ask({ geteuid: () => 1000, getegid: () => 100 })).toEqual({ ...ASKED, uid: 1000, gid: 100 });
  for (const fd of [0, 1, 2]) expect(ask({}, fd)).toBe(undefined);
  expect(ask({ execArgv: ['--cpu-prof'] })).toBe(undefined);
  expect(ask({ env: { NODE_OPTIONS: '--cpu-prof' } })).toBe(undefined);
  expect(
    ask({
      cwd: () => {
        throw new Error('ENOENT');
      },
    }),
  ).toBe(undefined);
});
