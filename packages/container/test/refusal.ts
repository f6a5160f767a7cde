import { OptionError } from '@coracle/container';

/** The error by which an option was refused; that it was not is a failure of the test. */
export function refusal(action: () => unknown): OptionError {
  try {
    action();
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
