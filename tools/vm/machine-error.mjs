/**
 * The machine itself failed, as against the command in it.
 *
 * `code` says how: `EMISSING` a part of it is not installed, `EUSAGE` it was asked for something it cannot do, `EBOOT` it
 * did not come up or stopped by itself, `ETIMEOUT` the command took too long, `EABORTED` the caller gave up.
 */
export class MachineError extends Error {
  name = 'MachineError';

  /**
   * @param {'EMISSING' | 'EUSAGE' | 'EBOOT' | 'ETIMEOUT' | 'EABORTED'} code
   * @param {string} message with the remedy, where there is one
   */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * @param {string} what what is not there
 * @param {string} packages the Debian packages that bring it
 */
export function missing(what, packages) {
  return new MachineError('EMISSING', `${what}. Install it with: apt-get install ${packages}`);
}
