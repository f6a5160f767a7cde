// A Node process that is not waited for without end, and that says what kept it when it had to be ended.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const ANSWER_MS = 5_000;
const LOOK_EVERY_MS = 50;
/** The descriptor on which a process that was started ahead of its turn waits for that. */
export const TURN_FD = 3;

let started = 0;

/**
 * @typedef {object} Outcome
 * @property {number | null} code null when a signal ended it
 * @property {string} output what went to standard output, if that is a pipe
 * @property {string} [overdue] what it was doing when it was ended because the time was up
 */

/**
 * Runs Node. When the time is up, it is ended with everything it has started.
 * @param {string[]} args
 * @param {object} options
 * @param {string} options.cwd
 * @param {string} options.scratch a directory for files that nobody needs afterwards
 * @param {'pipe' | 'ignore'} options.stdout standard error is the caller's
 * @param {number} options.limitMs
 * @returns {Promise<Outcome>}
 */
export function runWatched(args, options) {
  return startWatched(args, { ...options, waits: false }).go(options.limitMs);
}

/**
 * Starts Node ahead of its turn: it gets ready, and reads a byte from {@link TURN_FD} before it goes on. Where it reads none, nobody is
 * there any more who could give it its turn.
 * @param {string[]} args
 * @param {object} options
 * @param {string} options.cwd
 * @param {string} options.scratch
 * @param {'pipe' | 'ignore'} options.stdout
 * @param {boolean} [options.waits] (default: true)
 * @returns {{ go(limitMs: number): Promise<Outcome> }} its time begins with its turn
 */
export function startWatched(args, { cwd, scratch, stdout, waits = true }) {
  started += 1;
  const report = `diagnostic-${started}.json`;
  const reporting = ['--report-on-signal', '--report-exclude-network'];
  const place = ['--report-directory', scratch, '--report-filename', report];
  const child = spawn(process.execPath, [...reporting, ...place, ...args], {
    cwd,
    stdio: ['ignore', stdout, 'inherit', waits ? 'pipe' : 'ignore'],
  });
  let output = '';
  let overdue;
  let timer;
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
  });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output, ...(overdue === undefined ? {} : { overdue }) });
    });
  });
  ended.catch(() => {}); // whoever gives it its turn is told
  const endIt = async () => {
    const processes = descendants(child.pid);
    child.kill('SIGUSR2');
    const answered = await answer(join(scratch, report));
    overdue = [waitingFor(answered), ...processes.map(({ pid, command }) => `process ${pid}: ${command}`)].join('\n');
    child.kill('SIGKILL');
    for (const { pid } of processes) end(pid);
  };
  const go = (limitMs) => {
    timer = setTimeout(endIt, limitMs);
    const turn = child.stdio[TURN_FD];
    turn?.on('error', () => {}); // it has ended before its turn, which its exit code says
    turn?.end('go');
    return ended;
  };
  return { go };
}

/**
 * What keeps the event loop of a process alive.
 * @param {{ libuv: { type: string, is_active?: boolean, is_referenced?: boolean }[] } | undefined} report Node's
 *   diagnostic report, as its documentation describes it; undefined when the process wrote none
 * @returns {string}
 */
export function waitingFor(report) {
  if (!report) return 'It did not answer a signal: it was busy, or waited in a synchronous call.';
  const handles = report.libuv.filter((handle) => handle.is_active && handle.is_referenced).map(nameOf);
  return `It was waiting for: ${handles.join(', ') || 'nothing that Node knows of'}.`;
}

function nameOf({ type, pid, fd, firesInMsFromNow }) {
  if (pid !== undefined) return `${type} ${pid}`;
  if (firesInMsFromNow !== undefined) return `${type} (${Math.round(firesInMsFromNow / 1000)} s)`;
  return fd === undefined ? type : `${type} (descriptor ${fd})`;
}

/** The report, as soon as all of it is there. */
async function answer(path) {
  for (const end = Date.now() + ANSWER_MS; Date.now() < end; await wait(LOOK_EVERY_MS)) {
    try {
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      if (error.code !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}

/** What a process has started, and what that has started. */
function descendants(ancestor) {
  const { stdout } = spawnSync('ps', ['-ww', '-e', '-o', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const all = (stdout ?? '').split('\n').map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)/.exec(line)?.slice(1) ?? []);
  const below = (parent) =>
    all
      .filter(([, ppid]) => Number(ppid) === parent)
      .flatMap(([pid, , command]) => [{ pid: Number(pid), command: command.slice(0, 200) }, ...below(Number(pid))]);
  return below(ancestor);
}

function end(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // it has ended by itself
  }
}
