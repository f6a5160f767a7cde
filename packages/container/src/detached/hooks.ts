import { spawn } from 'node:child_process';
import type { Hook, HookName, State } from '@coracle/oci-spec';
import { errnoOf, HookError } from './hook-error.ts';
import { KEPT_BYTES } from './hook-words.ts';

/** What a hook is called for. */
export interface HookCall {
  name: HookName;
  /** Its place among the hooks of this name. */
  index: number;
  /** The state that it reads. */
  input: string;
}

/** Runs one hook with the state on its input. @throws {HookError} when it fails or takes longer than it may */
export type RunHook = (hook: Hook, about: HookCall) => Promise<void>;

/**
 * Runs hooks one after the other, each with the state of the container on its input. The first that fails ends it.
 * @param options `run` is how: {@link runHere} if absent; `first` the place of the first among those of its name: 0 if absent
 * @throws {HookError}
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#posix-platform-hooks
 */
export async function runHooks(
  hooks: readonly Hook[],
  { name, state, first = 0, run = runHere() }: { name: HookName; state: State; first?: number; run?: RunHook },
): Promise<void> {
  const input = JSON.stringify(state);
  for (const [index, hook] of hooks.entries()) await run(hook, { name, index: first + index, input });
}

/**
 * Has hooks run as children of this process, in its namespaces: what the specification calls the runtime namespace. One without `env` has
 * the environment of this process, as with runc and crun.
 * @param options `cwd` is where they begin: where this process is if absent
 */
export function runHere({ cwd }: { cwd?: string } = {}): RunHook {
  return (hook, about) => runChild(hook, { ...about, cwd });
}

function runChild(
  { path, args = [path], env, timeout }: Hook,
  { name, index, input, cwd }: HookCall & { cwd: string | undefined },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const [title, ...words] = args;
    const said: Buffer[] = [];
    let length = 0;
    const child = spawn(path, words, {
      argv0: title ?? path,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env ? { env: Object.fromEntries(env.map(splitVariable)) } : {}),
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    const timer = timeout === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeout * 1000);
    const fail = (problem: string): void => {
      clearTimeout(timer);
      reject(
        new HookError({ name, index, path, problem, said: Buffer.concat(said).subarray(0, KEPT_BYTES).toString() }),
      );
    };
    child.stderr.on('data', (chunk: Buffer) => {
      if (length < KEPT_BYTES) said.push(chunk);
      length += chunk.length;
    });
    // A hook need not read the state.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', (error) => fail(errnoOf(error)));
    child.on('close', (code, signal) => {
      if (code === 0) {
        clearTimeout(timer);
        resolve();
      } else if (signal === 'SIGKILL' && timeout !== undefined && child.killed) fail(`was not done after ${timeout} s`);
      else fail(signal === null ? `ended with status ${code}` : `was ended by ${signal}`);
    });
  });
}

function splitVariable(variable: string): [string, string] {
  const at = variable.indexOf('=');
  return at < 0 ? [variable, ''] : [variable.slice(0, at), variable.slice(at + 1)];
}
