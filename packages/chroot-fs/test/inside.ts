import { readFileSync } from 'node:fs';
import { hostTree, keepMountsPrivate, OlderCalls, type PathKind, refusedMountCalls } from '@coracle/chroot-fs';
import { parseMountinfo } from '@coracle/mountinfo';
import {
  Agent,
  Channel,
  CLONE,
  clone3,
  close,
  closeFd,
  dup3,
  flags,
  mount,
  OPEN,
  type Outcome,
  openat,
  output,
  read,
  resultOf,
  type Step,
  SyscallError,
  socketPair,
  umask,
  write,
} from '@coracle/syscalls';

/** A process in new namespaces that takes steps. It ends with the test's block, and its mounts with it. */
export class Inside implements Disposable {
  readonly pid: number;
  readonly #agent: Agent;
  readonly #init: Channel;

  private constructor(pid: number, agent: Agent, init: Channel) {
    this.pid = pid;
    this.#agent = agent;
    this.#init = init;
  }

  /** As the lead of a container does it: one clone3, the child's own socket; then no mount of it is the host's business. */
  static async start({
    namespaces = ['CLONE_NEWNS', 'CLONE_NEWPID'],
    stdin = 0,
    stdout = 1,
    afterBirth = () => {},
  }: {
    namespaces?: readonly (keyof typeof CLONE)[];
    stdin?: number;
    stdout?: number;
    afterBirth?: (pid: number) => void;
  } = {}): Promise<Inside> {
    const [ours, theirs] = socketPair();
    const agent = Agent.spawn({ stdio: [stdin, stdout, 2], fds: [theirs] });
    closeFd(theirs);
    const init = new Channel(ours);
    try {
      const message = agent.channel.post({
        steps: [
          clone3({ flags: flags(CLONE, ...namespaces) }, { why: 'make a process', result: 'init' }),
          dup3({ from: 4, to: 3, flags: flags(OPEN, 'O_CLOEXEC') }, { why: 'use its own socket', only: 'child' }),
          close(4, 'keep one socket each'),
        ],
      });
      const outcome = await agent.channel.report(message);
      outcome?.throwIfFailed();
      await init.report(message);
      const inside = new Inside(outcome?.result('init') ?? 0, agent, init);
      afterBirth(inside.pid);
      await inside.run([umask(0, 'make files with the modes asked for'), keepMountsPrivate()]);
      return inside;
    } catch (error) {
      init.close();
      agent.close();
      throw error;
    }
  }

  /** Takes steps; a failure is the test's. */
  async run(steps: readonly Step[]): Promise<Outcome> {
    const outcome = await this.#init.run({ steps: translated(steps, this.pid) });
    outcome.throwIfFailed();
    return outcome;
  }

  /** Takes steps and returns the refusal; `undefined` when there was none. */
  async refusal(steps: readonly Step[]): Promise<SyscallError | undefined> {
    const { failure } = await this.#init.run({ steps: translated(steps, this.pid) });
    return failure && new SyscallError(failure.step, failure.errno);
  }

  /** The beginning of a file as the process sees it. @throws SyscallError */
  async read(path: string): Promise<string> {
    return (await this.bytes(path)).toString();
  }

  /** The same, as it is. @throws SyscallError */
  async bytes(path: string): Promise<Buffer> {
    const length = 32 * 1024;
    const outcome = await this.run([
      openat({ path, flags: flags(OPEN, 'O_RDONLY', 'O_CLOEXEC', 'O_NONBLOCK') }, { why: 'look', result: 'file' }),
      { ...read({ fd: resultOf('file'), into: output('text', length) }, 'look'), result: 'length' },
      close(resultOf('file'), 'have looked'),
    ]);
    return Buffer.from(outcome.output('text').subarray(0, outcome.result('length') ?? 0));
  }

  /** Whether a path leads anywhere. */
  async has(path: string): Promise<boolean> {
    const why = 'see whether it is there';
    return (await this.refusal([openat({ path, flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC') }, why)])) === undefined;
  }

  /** Writes a file, making it if need be; returns the errno's name when that is refused. */
  async write(path: string, data = 'changed\n'): Promise<string | undefined> {
    const to = openat(
      { path, flags: flags(OPEN, 'O_WRONLY', 'O_CREAT', 'O_CLOEXEC'), mode: 0o644 },
      { why: 'change it', result: 'file' },
    );
    return (await this.refusal([to, write({ fd: resultOf('file'), data }, 'change it')]))?.code;
  }

  /** Mount points as the process sees them, in order. */
  async mountPoints(): Promise<string[]> {
    return (await this.mountLines()).map((line) => line.split(' ')[4] ?? '');
  }

  /** Lines of mountinfo, which needs a proc on /proc. */
  async mountLines(): Promise<string[]> {
    return (await this.read('/proc/self/mountinfo')).trimEnd().split('\n');
  }

  [Symbol.dispose](): void {
    this.#init.close();
    this.#agent.close();
  }
}

/** The steps in the older mount calls, where the newer ones are refused: see `npm run test:older-calls`. */
function translated(steps: readonly Step[], pid: number): readonly Step[] {
  if (refusedMountCalls().length === 0) return steps;
  const mounts = parseMountinfo(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  const kindOf = (path: string): PathKind => hostTree(path, mounts).kind;
  return new OlderCalls({ treeOf: (path) => hostTree(path, mounts), kindOf, reason: 'this test refuses' }).translate(
    steps,
  );
}

/** The naive way to mount, by path, as a foil. */
export function mountByPath(path: string): Step {
  return mount({ source: 'naive', target: path, type: 'tmpfs' }, 'mount by path');
}
