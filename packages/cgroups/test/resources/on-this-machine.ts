import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { needs, type Requirement } from '@coracle/test-support';
import { type ControllerName, detectAll, type Group } from '../../src/index.ts';

const TIMEOUT_MS = 90_000;
const machine = detectAll();

/** Whether a controller can be used. */
export const has = (controller: ControllerName): boolean => machine.controllers[controller].version !== undefined;
/** On which version. */
export const on = (controller: ControllerName): 'v1' | 'v2' | undefined => machine.controllers[controller].version;

/** A test that says what the machine lacks when it is skipped. */
export function testWith(
  controllers: readonly ControllerName[],
  title: string,
  body: () => Promise<void>,
  ...further: Requirement[]
): void {
  const missing = controllers.filter((controller) => !has(controller));
  const limits = { what: `limits of ${missing.join(', ')}`, met: missing.length === 0 };
  needs.test(limits, ...further)(title, body, TIMEOUT_MS);
}

/** The text of a file of a group, in whichever of its directories it is. */
export function read({ directories }: Group, file: string): string {
  const path = directories.map((directory) => `${directory}/${file}`).find(existsSync);
  if (path === undefined) throw new Error(`there is no ${file}`);
  return readFileSync(path, 'utf8').trim();
}

/** The numbers of a whole disk, `'8:0'`. */
export function someDisk(): string {
  const [device] = readdirSync('/sys/block').filter((one) => /^(vd|sd|nvme|xvd)/.test(one));
  return readFileSync(`/sys/block/${device}/dev`, 'utf8').trim();
}

/** The error of what has to fail. */
export function failureOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('that was to fail');
}
