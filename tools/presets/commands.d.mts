/** A command that is shipped. */
export interface ShippedCommand {
  /** How it is called. */
  name: string;
  /** Where its sources are, from the top of the repository. */
  app: string;
  /** What may do without the rest what it is asked; nothing if absent. */
  preface?: Preface;
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

/** A module, by its path from the top of the repository, for calls with this first word. */
export interface Preface {
  module: string;
  word: string;
}

/** By their names. */
export const COMMANDS: Readonly<Record<'coracle' | 'coracle-oci', ShippedCommand>>;
