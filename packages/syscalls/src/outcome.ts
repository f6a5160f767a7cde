import { errnoNumber } from '@coracle/errors';
import type { Arg } from './arg.ts';
import { type Message, NOT_MADE } from './message.ts';
import type { Step } from './step.ts';
import { SyscallError } from './syscall-error.ts';

/**
 * What came of a program: each step's result and the memory the kernel filled.
 * @example
 * const outcome = await agent.channel.run(program);
 * outcome.result('rootfs'); // 4
 */
export class Outcome {
  readonly #message: Message;
  readonly #report: DataView;

  constructor(message: Message, report: Uint8Array) {
    this.#message = message;
    this.#report = new DataView(report.buffer, report.byteOffset, report.byteLength);
  }

  /** The results in the order of the steps: what the call returned, or a negative errno. `undefined` for a step not taken. */
  get results(): (number | undefined)[] {
    return this.#message.steps.map((_, index) => this.#resultAt(index));
  }

  #resultAt(index: number): number | undefined {
    const result = Number(this.#report.getBigInt64(index * 8, true));
    return result === NOT_MADE ? undefined : result;
  }

  /**
   * The result of the last step that carries this name.
   * @returns `undefined` when that step was not taken or failed with a tolerated error
   */
  result(name: string): number | undefined {
    const index = this.#message.steps.findLastIndex((step) => step.result === name);
    const result = index < 0 ? undefined : this.#resultAt(index);
    return result === undefined || result < 0 ? undefined : result;
  }

  /**
   * A copy of the bytes an output received.
   * @throws {TypeError} when the program has no output of that name
   */
  output(name: string): Uint8Array {
    const place = this.#message.outputs.get(name);
    if (!place) throw new TypeError(`the program has no output '${name}'`);
    const at = this.#report.byteOffset + place.offset;
    return new Uint8Array(this.#report.buffer.slice(at, at + place.length) as ArrayBuffer);
  }

  /** The step that failed and its errno (negative), if one did; clean-up steps never count. */
  get failure(): { step: Step; errno: number } | undefined {
    const { steps, cleanup } = this.#message;
    for (let index = 0; index < cleanup; index++) {
      if (!this.#isError(index)) continue; // nearly all: this is looked at in every start
      const step = steps[index];
      const errno = this.#resultAt(index);
      if (!step || errno === undefined || isTolerated(step, errno) || this.#isSkipped(step, index)) continue;
      return { step, errno };
    }
    return undefined;
  }

  /** Whether a result is below zero: so is its upper half then. */
  #isError(index: number): boolean {
    return this.#report.getInt32(index * 8 + 4, true) < 0;
  }

  /** Whether a step was passed over because an earlier result it needs is missing. */
  #isSkipped(step: Step, index: number): boolean {
    const before = this.#message.steps.slice(0, index);
    const isMissing = (name: string): boolean => {
      const giver = before.findLastIndex(({ result }) => result === name);
      return giver >= 0 && this.#isError(giver);
    };
    return [...(step.needs === undefined ? [] : [step.needs]), ...step.args.flatMap(resultUsed)].some(isMissing);
  }

  /**
   * Returns when no step failed.
   * @throws {SyscallError} for the step that failed
   */
  throwIfFailed(): void {
    const failure = this.failure;
    if (failure) throw new SyscallError(failure.step, failure.errno);
  }
}

function isTolerated(step: Step, result: number): boolean {
  if (step.tolerate === 'any') return true;
  return (step.tolerate ?? []).some((name) => errnoNumber(name) === -result);
}

function resultUsed(arg: Arg): string[] {
  return typeof arg === 'object' && arg !== null && 'kind' in arg && arg.kind === 'result' ? [arg.of] : [];
}
