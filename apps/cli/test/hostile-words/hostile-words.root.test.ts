import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundledProgram, expectNothingLeft, findLeftovers, PLAIN_USER } from '@coracle/test-support';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { commandLines } from './generate.ts';

const [NODE, PROGRAM] = await bundledProgram(new URL('programs/run-lines.ts', import.meta.url));
/** Who has more time says how many in CORACLE_HOSTILE_LINES, and another seed in CORACLE_HOSTILE_SEED. */
const LINES = Number(process.env['CORACLE_HOSTILE_LINES'] ?? 60);
const SEED = Number(process.env['CORACLE_HOSTILE_SEED'] ?? 20_261_126);
const OWN_UID = process.geteuid?.() ?? 0;
const USERS = OWN_UID === 0 ? [0, PLAIN_USER] : [OWN_UID];
const SETTINGS = [
  'kernel/core_pattern',
  'kernel/shm_rmid_forced',
  'net/ipv4/ip_forward',
  'net/ipv4/ip_unprivileged_port_start',
];

/** What came of a line. */
interface Came {
  exitCode?: number;
  code?: string;
  shown?: string;
}

/** A directory of the user's, with what the lines may do something to, and his places for records and for what is temporary. */
interface Ground extends Disposable {
  scratch: string;
  runtime: string;
  temporary: string;
}

function makeGround(uid: number): Ground {
  const directory = mkdtempSync(join(tmpdir(), 'coracle-words-'));
  const [scratch, runtime, temporary] = [join(directory, 'scratch'), join(directory, 'run'), join(directory, 'tmp')];
  mkdirSync(join(scratch, 'directory'), { recursive: true });
  for (const path of [runtime, temporary]) mkdirSync(path, { mode: 0o700 });
  writeFileSync(join(scratch, 'file'), 'kept\n');
  chmodSync(directory, 0o755);
  for (const path of [scratch, join(scratch, 'directory'), join(scratch, 'file'), runtime, temporary])
    chownSync(path, uid, uid);
  return { scratch, runtime, temporary, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}

function runLines(lines: readonly (readonly string[])[], { uid, ground }: { uid: number; ground: Ground }): Came[] {
  const { stdout, stderr, status } = spawnSync(NODE, [PROGRAM], {
    input: JSON.stringify(lines),
    encoding: 'utf8',
    cwd: '/',
    env: { ...process.env, NODE_OPTIONS: '', XDG_RUNTIME_DIR: ground.runtime, TMPDIR: ground.temporary },
    ...(uid === OWN_UID ? {} : { uid, gid: uid }),
  });
  if (status !== 0) throw new Error(`it ended with ${status} after ${stdout}: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Came => JSON.parse(line));
}

/** What is wrong with an answer. */
function wrongWith({ exitCode, code, shown = '' }: Came): string | undefined {
  if (exitCode !== undefined) return undefined;
  if (!/^(E[A-Z0-9]+|ERR_CORACLE_(USAGE|OPTION))$/.test(code ?? '')) return 'an error nobody thought of';
  if (!/^coracle: [^\n]+(\n {2}hint: [^\n]+)?$/.test(shown)) return 'more than a line and a hint';
  if (code?.startsWith('ERR_') && !shown.includes('\n  hint: ')) return 'no hint';
  return undefined;
}

const settings = (): string[] => SETTINGS.map((name) => readFileSync(`/proc/sys/${name}`, 'latin1'));

test.each(USERS)(
  'any command line of user %i runs or is refused in words, and leaves nothing behind',
  async (uid) => {
    using ground = makeGround(uid);
    const [before, set] = [findLeftovers(), settings()];
    const lines = fc.sample(commandLines(ground), { numRuns: LINES, seed: SEED });
    const came = runLines(lines, { uid, ground });
    expect(came).toHaveLength(lines.length);
    const wrong = came.map((one, index) => ({ ...one, wrong: wrongWith(one), line: lines[index]?.join(' ') }));
    expect(wrong.filter((one) => one.wrong !== undefined)).toEqual([]);
    // Neither all of them are nonsense nor none.
    for (const kind of [(one: Came) => one.exitCode === 0, ({ code = '' }: Came) => code.startsWith('ERR_')])
      expect(came.filter(kind).length).toBeGreaterThan(LINES / 10);
    await expectNothingLeft(before);
    expect(settings()).toEqual(set);
    expect(readFileSync(join(ground.scratch, 'file'), 'utf8')).toBe('kept\n');
    expect([...recordsIn(ground.runtime), ...readdirSync(ground.temporary)]).toEqual([]);
  },
  120_000,
);

/** Records of containers; what the register of names and the directories themselves are, stays. */
function recordsIn(runtime: string): string[] {
  return readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter((path) => /[0-9a-f]{12,}/.test(path));
}
