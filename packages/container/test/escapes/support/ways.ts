import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundledProgram, PLAIN_USER } from '@coracle/test-support';
import { type Isolation, type RunOptions, run } from '../../../src/index.ts';

/** What an attack needs to know of the container's end. */
export interface Ended {
  exitCode?: number | undefined;
  signal?: string | undefined;
  stdout: string;
  stderr: string;
  isolation: Isolation;
}

/** To the worker. */
export interface Request {
  id: number;
  command: readonly string[];
  options: RunOptions;
}

/** From the worker: an end, or why there was no start. */
export interface Reply {
  id: number;
  ended?: Ended;
  refused?: { code: string; syscall: string; message: string; hint?: string };
}

/** A way to start containers: as root, with or without a user namespace, or as an ordinary user. */
export interface Way extends Disposable {
  run(command: readonly string[], options?: RunOptions): Promise<Ended>;
}

/** Who starts a container, and whose its root is. */
export type WayName = 'root' | 'root in a user namespace' | 'an ordinary user';

/** The ways in which the attacks are tried. */
export const WAYS: readonly WayName[] = ['root', 'root in a user namespace', 'an ordinary user'];

/** Opens a way; a worker of it lives until it is disposed of. */
export function openWay(name: WayName): Way {
  if (name === 'an ordinary user') return startWorker({ uid: PLAIN_USER, gid: PLAIN_USER });
  const userNamespace = name === 'root' ? 'host' : 'auto';
  return {
    run: (command, options = {}) => run(command, { userNamespace, ...options }),
    [Symbol.dispose]: () => {},
  };
}

/** The command line of a worker. */
export const WORKER: readonly [node: string, program: string] = await bundledProgram(
  new URL('worker.ts', import.meta.url),
);

/** Starts containers from another process, with a user, descriptors and an environment of its own. */
export function startWorker(
  options: Pick<SpawnOptions, 'uid' | 'gid' | 'env' | 'stdio'>,
  command: readonly [string, ...string[]] = WORKER,
): Way {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    ...options,
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
  });
  return talkTo(child);
}

function talkTo(child: ChildProcess): Way {
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new TypeError('a worker has input and output');
  const waiting = new Map<number, (reply: Reply) => void>();
  let last = 0;
  createInterface({ input: stdout }).on('line', (line) => {
    // On a terminal what goes in comes out as well.
    if (!line.startsWith('{')) return;
    const reply: Reply = JSON.parse(line);
    waiting.get(reply.id)?.(reply);
  });
  child.on('exit', () => {
    for (const [id, answer] of waiting) answer({ id, refused: { code: '', syscall: '', message: 'the worker ended' } });
  });
  return {
    run: async (command, options = {}) => {
      const id = ++last;
      const request: Request = { id, command, options };
      const reply = await new Promise<Reply>((resolve) => {
        waiting.set(id, resolve);
        stdin.write(`${JSON.stringify(request)}\n`);
      });
      waiting.delete(id);
      if (reply.ended) return reply.ended;
      throw Object.assign(new Error(reply.refused?.message), reply.refused);
    },
    [Symbol.dispose]: () => {
      stdin.end();
      child.kill();
    },
  };
}
