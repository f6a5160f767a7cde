import { errnoNumber } from '@coracle/errors';
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
    const labels = new Map<string, number>();
    for (const [index, step] of this.#message.steps.slice(0, this.#message.cleanup).entries()) {
      const result = this.#resultAt(index);
      // Before its own name is noted: a step may use an earlier result of the name it gives.
      const passedOver = isSkipped(step, labels);
      if (step.result !== undefined) labels.set(step.result, result ?? NOT_MADE);
      if (result === undefined || result >= 0 || isTolerated(step, result) || passedOver) continue;
      return { step, errno: result };
    }
    return undefined;
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

/** Whether a step was passed over because an earlier result it needs is missing. */
function isSkipped(step: Step, labels: ReadonlyMap<string, number>): boolean {
  if (step.needs !== undefined && (labels.get(step.needs) ?? 0) < 0) return true;
  return step.args.some(
    (arg) =>
      typeof arg === 'object' &&
      arg !== null &&
      'kind' in arg &&
      arg.kind === 'result' &&
      (labels.get(arg.of) ?? 0) < 0,
  );
}
