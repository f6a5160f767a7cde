import fs from 'node:fs';
import type os from 'node:os';
import { libc, type SyscallName, syscallNumber } from '@coracle/syscalls';
import { answerTo, CALLS, type Fact, OF_USER, QUESTIONS } from './facts.ts';

/** What a plan was made from. */
export interface Seen {
  facts: readonly Fact[];
  /** Variables of the environment, with their values; `null` for one that is not there. */
  env: readonly (readonly [name: string, value: string | null])[];
}

/** Calls of a start that ask nothing a plan depends on, beside those that make and run it. */
const OF_A_START: readonly SyscallName[] = [
  'getrandom',
  'ioctl',
  'uname',
  'socketpair',
  'memfd_create',
  'fcntl',
  'sendto',
  'recvfrom',
  'close',
  'flock',
];

/**
 * Writes down what is asked of the host, from now on until it is {@link end}ed. All of it goes through `node:fs`, the environment and
 * {@link libc}. What cannot be asked again in the same way is noticed too.
 */
export class Watch {
  readonly #facts = new Map<string, Fact>();
  readonly #env = new Map<string, string | null>();
  /** Paths of which more was wanted than an answer that can be asked for again. */
  readonly #touched: string[] = [];
  /** Whether a question is being answered: Node asks further ones for that. */
  #isAsking = false;
  #isComplete = true;
  readonly #undo: (() => void)[] = [];

  constructor() {
    this.#watchFiles();
    this.#watchCalls();
    this.#watchEnvironment();
    this.#replace(process, 'getBuiltinModule', (original) => (name: unknown) => {
      const given = original(name);
      if (name === 'node:os') return this.#watchedOs(given as typeof os);
      this.#isComplete = false; // who knows what is asked of it
      return given;
    });
    // The C library is asked for it, through memory that is gone afterwards.
    fs.readFileSync('/proc/sys/kernel/osrelease', 'latin1');
  }

  /**
   * Watches no longer.
   * @param own what may be made and changed: paths below it are no facts either
   * @returns what was asked; `undefined` when that is not all there was
   */
  end(own: string): Seen | undefined {
    for (const undo of this.#undo.splice(0)) undo();
    const isOwn = (path: unknown): boolean => path === own || String(path).startsWith(`${own}/`);
    if (!this.#isComplete || !this.#touched.every((path) => isOwn(path) || path === '/dev/null')) return undefined;
    return { facts: [...this.#facts.values()].filter(({ args }) => !isOwn(args[0])), env: [...this.#env] };
  }

  #watchFiles(): void {
    for (const name of Object.keys(fs) as (keyof typeof fs)[]) {
      if (typeof fs[name] !== 'function' || !/^[a-z]/.test(name)) continue; // the others are classes
      const ask = QUESTIONS.find((question) => question === name);
      this.#replace(fs, name, (original) => (...args: unknown[]) => {
        if (this.#isAsking) return original(...args);
        if (ask) return this.#noteOf(ask, args, () => original(...args));
        this.#touch(args[0]);
        return original(...args);
      });
    }
  }

  /** More is done with a path; with a descriptor only what is done with the path that it was opened by. */
  #touch(path: unknown): void {
    if (!this.#isAsking && typeof path !== 'number') this.#touched.push(String(path));
  }

  #watchCalls(): void {
    const { arch } = libc();
    const numbersOf = <Name extends SyscallName>(names: readonly Name[]): Map<number | undefined, Name> =>
      new Map(names.map((name) => [syscallNumber(name, arch), name]));
    const [asking, usual] = [numbersOf(CALLS), numbersOf(OF_A_START)];
    this.#replace(libc(), 'syscall', (original) => (number: number, ...args: unknown[]) => {
      const ask = asking.get(number);
      if (ask && args.every((arg) => typeof arg === 'number'))
        return this.#noteOf(ask, args, () => original(number, ...args));
      if (!usual.has(number)) this.#isComplete = false;
      return original(number, ...args);
    });
  }

  /** Where temporary files go is asked anew for each start. */
  #watchedOs(given: typeof os): unknown {
    return new Proxy(given, {
      get: (target, name) => {
        if (name === OF_USER) return () => this.#noteOf(OF_USER, [], () => target.userInfo());
        if (name !== 'tmpdir') this.#isComplete = false;
        return Reflect.get(target, name);
      },
    });
  }

  #watchEnvironment(): void {
    const env = process.env;
    const incomplete = <Result>(result: Result): Result => {
      this.#isComplete = false;
      return result;
    };
    process.env = new Proxy(env, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof name === 'string') this.#env.set(name, value ?? null);
        return value;
      },
      has: (target, name) => incomplete(Reflect.has(target, name)),
      ownKeys: (target) => incomplete(Reflect.ownKeys(target)),
      getOwnPropertyDescriptor: (target, name) => incomplete(Reflect.getOwnPropertyDescriptor(target, name)),
    });
    this.#undo.push(() => {
      process.env = env;
    });
  }

  /** What `ask` returns or throws, which is written down. */
  #noteOf(name: Fact['ask'], args: readonly unknown[], ask: () => unknown): unknown {
    const outcome = this.#outcomeOf(ask);
    const answer = answerTo(outcome, args);
    const key = JSON.stringify([name, args]);
    if (answer === undefined || (this.#facts.get(key)?.answer ?? answer) !== answer)
      this.#touched.push(String(args[0]));
    else this.#facts.set(key, { ask: name, args, answer });
    return outcome();
  }

  /** What gives the value of `ask`, or throws its error, as often as it is called. */
  #outcomeOf(ask: () => unknown): () => unknown {
    this.#isAsking = true;
    try {
      const value = ask();
      return () => value;
    } catch (error) {
      return () => {
        throw error;
      };
    } finally {
      this.#isAsking = false;
    }
  }

  #replace<Of extends object>(
    of: Of,
    name: keyof Of,
    by: (original: (...args: unknown[]) => unknown) => unknown,
  ): void {
    const original = of[name];
    if (typeof original !== 'function') throw new TypeError(`${String(name)} is no function`);
    const replaced = by((...args) => Reflect.apply(original, of, args));
    for (const [key, other] of Object.entries(original))
      Reflect.set(replaced as object, key, (...args: unknown[]) => {
        this.#touch(args[0]); // as of realpathSync.native
        return Reflect.apply(other, original, args);
      });
    Reflect.set(of, name, replaced);
    this.#undo.push(() => Reflect.set(of, name, original));
  }
}
