// What is watched is the module itself, as a program in CommonJS has it.
import fs, { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { landlockVersion, libc, syscallNumber } from '@coracle/syscalls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Fact, holds } from '../../src/known-start/facts.ts';
import { Watch } from '../../src/known-start/watch.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-facts-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What was asked while `ask` ran, but for what every watch asks. */
function factsOf(ask: () => void): Fact[] {
  const watch = new Watch();
  ask();
  const seen = watch.end('/own');
  if (!seen) throw new Error('not all of it was seen');
  return seen.facts.filter(({ args }) => args[0] !== '/proc/sys/kernel/osrelease');
}

/** Whether everything that is asked can be asked again. */
function isComplete(ask: () => void): boolean {
  const watch = new Watch();
  ask();
  return watch.end('/own') !== undefined;
}

const CHANGES: [string, (path: string) => void, (path: string) => unknown, (path: string) => void][] = [
  [
    'the text of a file',
    (path) => writeFileSync(path, 'a'),
    (path) => fs.readFileSync(path, 'utf8'),
    (path) => writeFileSync(path, 'b'),
  ],
  [
    'its bytes',
    (path) => writeFileSync(path, 'a'),
    (path) => fs.readFileSync(path),
    (path) => writeFileSync(path, '\xff'),
  ],
  ['that it is there', () => {}, (path) => fs.existsSync(path), (path) => writeFileSync(path, '')],
  ['its mode', (path) => writeFileSync(path, ''), (path) => fs.statSync(path), (path) => chmodSync(path, 0o711)],
  [
    'whose it is, in large numbers',
    (path) => writeFileSync(path, ''),
    (path) => fs.statSync(path, { bigint: true }),
    (path) => chmodSync(path, 0o711),
  ],
  [
    'which file it is',
    (path) => writeFileSync(path, ''),
    (path) => fs.lstatSync(path),
    (path) => {
      writeFileSync(`${path}.new`, '');
      fs.renameSync(`${path}.new`, path);
    },
  ],
  [
    'where a link points',
    (path) => symlinkSync('a', path),
    (path) => fs.readlinkSync(path),
    (path) => {
      rmSync(path);
      symlinkSync('b', path);
    },
  ],
  [
    'what is in a directory',
    (path) => mkdirSync(path),
    (path) => fs.readdirSync(path),
    (path) => writeFileSync(join(path, 'x'), ''),
  ],
  [
    'why it cannot be had',
    () => {},
    (path) => {
      try {
        fs.accessSync(path);
      } catch {}
    },
    (path) => writeFileSync(path, ''),
  ],
];

test.each(CHANGES)('%s is a fact until it changes', (name, make, ask, change) => {
  const path = join(directory, name.replaceAll(' ', '-'));
  make(path);
  const facts = factsOf(() => ask(path));
  const kept: Fact[] = JSON.parse(JSON.stringify(facts));
  expect(kept).toHaveLength(1);
  expect(kept.every(holds)).toBe(true);
  change(path);
  expect(kept.every(holds)).toBe(false);
});

test('a file with the name of an error in it is not one that is missing', () => {
  const path = join(directory, 'ENOENT');
  const facts = factsOf(() => {
    try {
      fs.readFileSync(path, 'utf8');
    } catch {}
  });
  writeFileSync(path, '!ENOENT');
  expect(facts.map(holds)).toEqual([false]);
});

test('whoever asks has the answer, or the error, as without a watch', () => {
  const watch = new Watch();
  try {
    expect(fs.readFileSync('/proc/sys/kernel/ostype', 'utf8')).toBe('Linux\n');
    expect(() => fs.readFileSync('/nowhere/at/all')).toThrow(/ENOENT/);
    expect(fs.statSync('/nowhere/at/all', { throwIfNoEntry: false })).toBe(undefined);
    expect(process.env['PATH']).toBeDefined();
  } finally {
    watch.end('/own');
  }
});

test('of /proc/self/status what is of one process alone is no fact, its rights are', () => {
  const [fact] = factsOf(() => void fs.readFileSync('/proc/self/status', 'utf8'));
  expect(fact?.answer).toMatch(/^CapBnd:/m);
  expect(fact?.answer).toMatch(/^Seccomp:/m);
  expect(fact?.answer).not.toMatch(/^(Pid|VmRSS|voluntary_ctxt_switches):/m);
  expect(fact && holds(fact)).toBe(true);
});

test('the version of Landlock is a fact, also that there is none', () => {
  const facts = factsOf(() => void landlockVersion());
  expect(facts).toMatchObject([{ ask: 'landlock_create_ruleset', answer: expect.stringMatching(/^=-?\d+$/) }]);
  const kept: Fact[] = JSON.parse(JSON.stringify(facts));
  expect(kept.map(holds)).toEqual([true]);
  expect(kept.map((fact) => holds({ ...fact, answer: '=99' }))).toEqual([false]);
});

test('another system call cannot be asked again', () => {
  expect(isComplete(() => void libc().syscall(syscallNumber('getpid', libc().arch) ?? -1))).toBe(false);
});

test('variables of the environment are seen with their values', () => {
  process.env['CORACLE_TEST_SEEN'] = 'yes';
  const watch = new Watch();
  const read = [process.env['CORACLE_TEST_SEEN'], process.env['CORACLE_TEST_MISSING']];
  const seen = watch.end('/own');
  delete process.env['CORACLE_TEST_SEEN'];
  expect(read).toEqual(['yes', undefined]);
  expect(seen?.env).toEqual([
    ['CORACLE_TEST_SEEN', 'yes'],
    ['CORACLE_TEST_MISSING', null],
  ]);
});

test.each<[string, () => void]>([
  ['a file that is opened', () => fs.closeSync(fs.openSync('/proc/self/status', 'r'))],
  ['a directory whose entries are objects', () => void fs.readdirSync('/proc/self', { withFileTypes: true })],
  ['a path that the system resolves', () => void fs.realpathSync.native('/proc/self')],
  ['a file that is read later', () => fs.readFile('/proc/self/status', () => {})],
  ['a file that is written', () => fs.writeFileSync(join(directory, 'written'), '')],
  [
    'an answer that changes meanwhile',
    () => {
      fs.existsSync(join(directory, 'new'));
      writeFileSync(join(directory, 'new'), '');
      fs.existsSync(join(directory, 'new'));
    },
  ],
  ['all of the environment', () => void Object.keys(process.env)],
  ['whether a variable is there', () => void ('PATH' in process.env)],
  ['another module of Node', () => void process.getBuiltinModule('node:tty')],
  ['the name of the host', () => void process.getBuiltinModule('node:os').hostname()],
])('%s cannot be asked again', (_, ask) => {
  expect(isComplete(ask)).toBe(false);
});

test('who the user is can be asked again, and where temporary files go is asked by each start', () => {
  const watch = new Watch();
  const os = process.getBuiltinModule('node:os');
  const { username } = os.userInfo();
  os.tmpdir();
  const fact = watch.end('/own')?.facts.find(({ ask }) => ask === 'userInfo');
  expect(fact).toEqual({ ask: 'userInfo', args: [], answer: `=${username}` });
  expect(fact && holds(fact)).toBe(true);
  expect(fact && holds({ ...fact, answer: '=somebody-else' })).toBe(false);
});

test('what is own may be made and changed, and is no fact', () => {
  const own = join(directory, 'own');
  const watch = new Watch();
  fs.mkdirSync(own);
  fs.writeFileSync(join(own, 'file'), '');
  fs.readdirSync(own, { withFileTypes: true });
  fs.existsSync(join(own, 'file'));
  const seen = watch.end(own);
  expect(seen?.facts.map(({ args }) => args[0])).toEqual(['/proc/sys/kernel/osrelease']);
});

test('nothing is watched any more at the end', () => {
  const before = [fs.readFileSync, fs.openSync, process.env, process.getBuiltinModule];
  const watch = new Watch();
  expect(fs.readFileSync).not.toBe(before[0]);
  watch.end('/own');
  watch.end('/own');
  expect([fs.readFileSync, fs.openSync, process.env, process.getBuiltinModule]).toEqual(before);
});
