/** A piece of example code, and where it was written. */
export interface Snippet {
  /** The file it is in, relative to the root. */
  file: string;
  /** Line of the file on which `code` begins, from 1. */
  line: number;
  code: string;
  /** `run`: a whole program that any machine can run. `check`: a whole program. `sketch`: may use names it does not declare. */
  kind: 'run' | 'check' | 'sketch';
}

/** `packages/a/README.md:12`. */
export function place({ file, line }: Pick<Snippet, 'file' | 'line'>): string {
  return `${file}:${line}`;
}
