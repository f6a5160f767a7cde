import { type ErrnoName, errnoNumber, errnoText, isErrnoName } from './errno.ts';

/** What is known of a failed operation; everything but `code` and `syscall` may be absent. */
export interface SystemErrorDetails {
  /** Name of the errno, `'EPERM'`. */
  code: ErrnoName;
  /** The system call or operation that failed, in the kernel's spelling: `'mount'`. */
  syscall: string;
  /** What it was done on. */
  path?: string | undefined;
  /** Where to, for calls with two paths. */
  dest?: string | undefined;
  /** Flags or data of the call, readable: `'MS_NOSUID|MS_NODEV'`. */
  detail?: string | undefined;
  /** The purpose of the call in plain words: `'make the container\'s processes visible to ps'`. */
  step?: string | undefined;
  /** What the user can do about it: a sentence, or the exact command. */
  hint?: string | undefined;
  /** Replaces the errno's own text where that would mislead. */
  text?: string | undefined;
  /** The error behind this one. */
  cause?: unknown;
}

/**
 * The error every Coracle package throws when the system refused something.
 *
 * The message has the shape of Node's own: `EPERM: operation not permitted, mount 'proc' -> '/proc' (MS_NOSUID)`.
 * Branch on `code` (see {@link isErrno}), never on the text.
 * @see errno(3)
 * @example
 * throw new SystemError({ code: 'EBUSY', syscall: 'rmdir', path: '/sys/fs/cgroup/box', hint: 'kill its processes first' });
 */
export class SystemError extends Error {
  override readonly name: string = 'SystemError';
  /** Name of the errno, `'EPERM'`: what to branch on. */
  readonly code: ErrnoName;
  /** Number of the errno, negative as Node's. */
  readonly errno: number;
  /** The system call or operation that failed. */
  readonly syscall: string;
  /** What it was done on. */
  readonly path: string | undefined;
  /** Where to, for calls with two paths. */
  readonly dest: string | undefined;
  /** Flags or data of the call, readable. */
  readonly detail: string | undefined;
  /** The purpose of the call, the words after "could not". */
  readonly step: string | undefined;
  /** What the message says in place of the errno's own text. */
  readonly text: string | undefined;
  /** The remedy. Not part of the message, so that a command can show it on its own line. */
  readonly hint: string | undefined;
  /** Errors of the clean-up that followed this one; they never replace it. */
  readonly suppressed: unknown[] = [];

  constructor(details: SystemErrorDetails) {
    super(describe(details), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.errno = -errnoNumber(details.code);
    this.syscall = details.syscall;
    this.path = details.path;
    this.dest = details.dest;
    this.detail = details.detail;
    this.step = details.step;
    this.text = details.text;
    this.hint = details.hint;
  }
}

function describe({ code, syscall, path, dest, detail, step, text }: SystemErrorDetails): string {
  let message = `${code}: ${text ?? errnoText(code)}, ${syscall}`;
  if (path !== undefined) message += ` '${path}'`;
  if (dest !== undefined) message += ` -> '${dest}'`;
  if (detail) message += ` (${detail})`;
  if (step !== undefined) message += `: could not ${step}`;
  return message;
}

/**
 * Whether a caught value is an error with one of these codes. Works for Node's own errors too, and for errors of
 * another realm; any value may be passed. With no codes it is `false`.
 * @example
 * try { rmdirSync(path); } catch (error) { if (!isErrno(error, 'ENOENT')) throw error; }
 */
export function isErrno(error: unknown, ...codes: ErrnoName[]): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  const found = OTHER_NAMES.get(error.code) ?? error.code;
  return codes.some((code) => code === found);
}

/** Names that Node gives to errnos that have two. */
const OTHER_NAMES: ReadonlyMap<unknown, ErrnoName> = new Map([['ENOTSUP', 'EOPNOTSUPP']]);

/**
 * The errno of a caught value by its name, `undefined` when it has none.
 * @example
 * errnoOf(Object.assign(new Error(), { code: 'ENOTSUP' })); // 'EOPNOTSUPP': the kernel has one number for both
 */
export function errnoOf(error: unknown): ErrnoName | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  return OTHER_NAMES.get(code) ?? (isErrnoName(code) ? code : undefined);
}
