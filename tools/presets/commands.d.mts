/** A command that is shipped. */
export interface ShippedCommand {
  /** How it is called. */
  name: string;
  /** Where its sources are, from the top of the repository. */
  app: string;
  /** A module of it that may do what is asked without the rest, from the top of the repository; none if absent. */
  preface?: string;
  /** The name of the constant in its sources that is its version. */
  versionName: string;
  /**
   * What it is mostly run with, one after the other; a directory may be used for it. What runs then is ready at a start.
   * @param uid who runs it, if it is not who asks
   */
  trials: (directory: string, uid?: number) => string[][];
  /** For each kind of start that is told from others the words it is known by; the first is that of all others as well. */
  callsFor: string[][];
}

/** By their names. */
export const COMMANDS: Readonly<Record<'coracle' | 'coracle-oci', ShippedCommand>>;
