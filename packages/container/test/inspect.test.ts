import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryLock } from '@coracle/syscalls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { inspectContainer } from '../src/inspect.ts';
import { STATE_FILES } from '../src/state/state.ts';

let stateRoot: string;
let locks: number[];

beforeEach(() => {
  stateRoot = mkdtempSync(join(tmpdir(), 'inspect-'));
  mkdirSync(join(stateRoot, 'names'));
  locks = [];
});

afterEach(() => {
  for (const fd of locks) closeSync(fd);
  rmSync(stateRoot, { recursive: true });
});

interface Recorded {
  name?: string;
  /** Whether a monitor holds the lock. */
  lives?: boolean;
  state?: boolean;
}

/** What a container's monitor and its caller write, with this process for the monitor. */
function record(id: string, { name, lives = true, state = true }: Recorded = {}): void {
  const directory = join(stateRoot, id);
  mkdirSync(directory);
  const lock = openSync(join(directory, STATE_FILES.lock), 'w+');
  if (lives) {
    tryLock(lock);
    locks.push(lock);
  } else closeSync(lock);
  if (name !== undefined) symlinkSync(id, join(stateRoot, 'names', name));
  const isolation = { limits: { pids: 7 } };
  if (state)
    writeFileSync(
      join(directory, STATE_FILES.state),
      JSON.stringify({ id, name, startTime: '1', created: 0, isolation }),
    );
}

const inspect = (word: string): ReturnType<typeof inspectContainer> => inspectContainer(word, { stateRoot });

describe('a container is found', () => {
  test.each(['0123456789ab', 'boat', '01234', '0'])('by %s', (word) => {
    record('0123456789ab', { name: 'boat' });
    record('ffff56789abc', { name: 'tug' });
    expect(inspect(word)).toEqual({
      id: '0123456789ab',
      name: 'boat',
      created: '1970-01-01T00:00:00.000Z',
      limits: { pids: 7 },
      isolation: { limits: { pids: 7 } },
    });
  });

  test('by its name, where that is the beginning of the id of another', () => {
    record('abc056789abc', { name: 'tug' });
    record('0123456789ab', { name: 'abc' });
    expect(inspect('abc').id).toBe('0123456789ab');
  });
});

describe('a container that cannot be told of', () => {
  test('a beginning that several ids have is refused, and they are named', () => {
    record('012345678900');
    record('012345678911');
    expect(() => inspect('0123')).toThrow(
      expect.objectContaining({ code: 'EEXIST', hint: expect.stringContaining('012345678900, 012345678911') }),
    );
  });

  test('a word near the name of a living one is answered with that', () => {
    record('012345678900', { name: 'boat' });
    record('012345678911', { name: 'boot', lives: false });
    expect(() => inspect('bot')).toThrow(
      expect.objectContaining({ code: 'ESRCH', hint: expect.stringMatching(/^did you mean boat\?/) }),
    );
  });

  test('a word near nothing is answered with those that live, and a long list is cut', () => {
    for (let n = 0; n < 10; n++) record(`01234567890${n}`);
    expect(() => inspect('submarine')).toThrow(
      expect.objectContaining({ code: 'ESRCH', hint: expect.stringMatching(/^those that run are 0.*7 and 2 more /) }),
    );
  });

  test.each(['', '../names', '/etc', 'names'])('%j is the beginning of none', (word) => {
    record('012345678900', { name: 'boat' });
    expect(() => inspect(word)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  });

  test('where there never was any, none runs', () => {
    expect(() => inspectContainer('boat', { stateRoot: join(stateRoot, 'nowhere') })).toThrow(
      expect.objectContaining({ code: 'ESRCH', hint: expect.stringMatching(/^none of your containers runs/) }),
    );
  });

  test('one whose monitor was killed has ended, and its rests are removed', () => {
    record('012345678900', { name: 'boat', lives: false });
    expect(() => inspect('boat')).toThrow(
      expect.objectContaining({ code: 'ESRCH', message: expect.stringContaining('the container has ended') }),
    );
    expect(readdirSync(stateRoot)).toEqual(['names']);
    expect(readdirSync(join(stateRoot, 'names'))).toEqual([]);
  });

  test('one that is being made can be asked for again', () => {
    mkdirSync(join(stateRoot, '.012345678900'));
    symlinkSync('012345678900', join(stateRoot, 'names', 'boat'));
    record('aaaa45678900', { name: 'tug', state: false });
    for (const word of ['boat', 'tug', 'aaaa'])
      expect(() => inspect(word)).toThrow(expect.objectContaining({ code: 'EAGAIN', hint: 'ask again' }));
    expect(readdirSync(join(stateRoot, 'names'))).toEqual(['boat', 'tug']);
  });

  test('a directory that others can write is not believed', () => {
    chmodSync(stateRoot, 0o777);
    record('012345678900', { name: 'boat' });
    expect(() => inspect('boat')).toThrow(expect.objectContaining({ code: 'EPERM' }));
  });
});
