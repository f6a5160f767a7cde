import { OptionError } from './option-error.ts';

/**
 * @throws {OptionError} for text that no system call can carry
 */
export function checkString(option: string, text: string): void {
  if (text.includes('\0'))
    throw new OptionError(option, `${JSON.stringify(text)} holds a NUL, which no system call can carry`);
}
