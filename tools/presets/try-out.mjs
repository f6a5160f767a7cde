import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A user without rights and without subordinate ids. */
const NOBODY = 65534;
/** The name of a socket in the directory of the trials: they can connect to it, and what they send is not looked at. */
export const SOCKET = 'socket';
/** Of the path of a socket: see unix(7). */
const LONGEST_PATH = 107;
/** All trials of a program take a few seconds. */
const TRIAL_MS = 120_000;

/**
 * Where the functions begin that a packed program ran, and how often it did, for each trial: as root also those that a user without
 * rights ran.
 * @returns {{ words: string[], ran: [start: number, times: number][] }[]}
 */
export function whatRan(path, trials) {
  const users = process.geteuid?.() === 0 ? [undefined, NOBODY] : [undefined];
  return users.flatMap((uid) => tryOut(path, { trials, uid, what: 'ran' }));
}

/**
 * What V8 compiled of each file that a packed program has read, as it takes it back.
 * @returns {Record<string, string>} by the names of the files, in base64
 */
export function whatWasCompiled(path, trials) {
  return tryOut(path, { trials, what: 'compiled' });
}

/** From a process that has done the trials, if containers can run here: what was used for that. */
function tryOut(path, { trials, uid, what }) {
  const script = fileURLToPath(new URL('trial-run.cjs', import.meta.url));
  const run = ({ calls, env, scratch }) => {
    const report = join(scratch, 'report');
    const request = JSON.stringify({ program: path, trials: calls, uid, report, what });
    const options = { encoding: 'utf8', env, timeout: TRIAL_MS };
    const { status, stderr } = spawnSync(process.execPath, [script, request], options);
    if (status !== 0) throw new Error(`the program could not be tried out: ${stderr}`);
    return JSON.parse(readFileSync(report, 'utf8'));
  };
  return withTrials(trials, { uid }, run) ?? [];
}

/**
 * Does something with the trials of a program, in a directory that is there meanwhile.
 * @template T
 * @param {(directory: string, uid: number | undefined) => string[][]} trials
 * @param {{ uid?: number | undefined }} whose who the directory belongs to; who calls this if absent
 * @param {(given: { calls: string[][], env: NodeJS.ProcessEnv, scratch: string }) => T} use the words of each trial, the environment it
 *   is done in, and the directory
 * @returns {T | undefined} what that returned; `undefined` where there is no such user
 */
export function withTrials(trials, { uid }, use) {
  const scratch = mkdtempSync(join(tmpdir(), 'coracle-trial-'));
  const server = createServer();
  try {
    const socket = join(scratch, SOCKET);
    if (Buffer.byteLength(socket) <= LONGEST_PATH) server.listen(socket); // longer ones are cut off
    if (uid !== undefined && !give([scratch, socket].filter(existsSync), uid)) return undefined;
    const env = { ...process.env, XDG_RUNTIME_DIR: scratch };
    return use({ calls: trials(scratch, uid), env, scratch });
  } finally {
    server.close();
    rmSync(scratch, { recursive: true });
  }
}

/** Whether there is such a user: root of a container may have no ids but its own. */
function give(paths, uid) {
  try {
    for (const path of paths) chownSync(path, uid, uid);
    return true;
  } catch {
    return false;
  }
}
