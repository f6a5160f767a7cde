/** An option that cannot be meant: nothing was started, nothing was changed. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly code = 'ERR_CORACLE_OPTION';
  /** The option, by its name in {@link ContainerOptions}. */
  readonly option: string;
  /** What to write instead. */
  readonly hint: string | undefined;

  constructor(option: string, message: string, hint?: string) {
    super(message);
    this.option = option;
    this.hint = hint;
  }
}
