import { flags, IOCTL, ioctl, output, runLocally, windowSize } from '@coracle/syscalls';
import type { TerminalSize } from '../options/options.ts';

/** Bytes of the kernel's `struct termios`: four words of flags, the line discipline, 19 control characters. */
const TERMIOS_LENGTH = 36;

/** Bits of the flags, as asm-generic/termbits.h has them; see termios(3). */
const INPUT = {
  IGNBRK: 0o1,
  BRKINT: 0o2,
  PARMRK: 0o10,
  ISTRIP: 0o40,
  INLCR: 0o100,
  IGNCR: 0o200,
  ICRNL: 0o400,
  IXON: 0o2000,
} as const;
const OUTPUT = { OPOST: 0o1 } as const;
const ONLCR = 0o4;
/** Where the flags for what is written begin. */
const OUTPUT_FLAGS = 4;
const CONTROL = { CSIZE: 0o60, CS8: 0o60, PARENB: 0o400 } as const;
const LOCAL = { ISIG: 0o1, ICANON: 0o2, ECHO: 0o10, ECHONL: 0o100, IEXTEN: 0o100000 } as const;
const FIRST_CONTROL_CHARACTER = 17;
const VTIME = 5;
const VMIN = 6;

/**
 * How a terminal is set.
 * @throws SystemError ENOTTY when the descriptor is no terminal
 */
export function readSettings(fd: number): Uint8Array {
  const outcome = runLocally([
    ioctl(
      { fd, request: flags(IOCTL, 'TCGETS'), arg: output('settings', TERMIOS_LENGTH) },
      "read the terminal's settings",
    ),
  ]);
  outcome.throwIfFailed();
  return outcome.output('settings');
}

/** Sets a terminal. @throws SystemError ENOTTY, EIO when the terminal is gone */
export function applySettings(fd: number, settings: Uint8Array): void {
  runLocally([ioctl({ fd, request: flags(IOCTL, 'TCSETS'), arg: settings }, 'set the terminal')]).throwIfFailed();
}

/** Settings with which every key and every byte passes untouched: the terminal inside does all the work. As cfmakeraw(3). */
export function rawSettings(settings: Uint8Array): Uint8Array {
  const raw = settings.slice();
  const view = new DataView(raw.buffer);
  const clear = (offset: number, bits: Readonly<Record<string, number>>): void => {
    const mask = Object.values(bits).reduce((all, bit) => all | bit, 0);
    view.setUint32(offset, view.getUint32(offset, true) & ~mask, true);
  };
  clear(0, INPUT);
  clear(4, OUTPUT);
  clear(8, CONTROL);
  view.setUint32(8, view.getUint32(8, true) | CONTROL.CS8, true);
  clear(12, LOCAL);
  raw[FIRST_CONTROL_CHARACTER + VMIN] = 1;
  raw[FIRST_CONTROL_CHARACTER + VTIME] = 0;
  return raw;
}

/** Settings with which lines that are written end as the program ends them, without the return that a screen needs. */
export function plainLineEnds(settings: Uint8Array): Uint8Array {
  const plain = settings.slice();
  const view = new DataView(plain.buffer);
  view.setUint32(OUTPUT_FLAGS, view.getUint32(OUTPUT_FLAGS, true) & ~ONLCR, true);
  return plain;
}

/** Tells a terminal its size; who reads from it gets SIGWINCH. @throws SystemError EIO when nobody holds the other side */
export function resize(fd: number, size: TerminalSize): void {
  runLocally([
    ioctl({ fd, request: flags(IOCTL, 'TIOCSWINSZ'), arg: windowSize(size) }, 'tell the terminal its size'),
  ]).throwIfFailed();
}
