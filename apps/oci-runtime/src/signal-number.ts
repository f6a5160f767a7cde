/**
 * The number of a signal given by name, with or without SIG, or by number; 0 is none, by which one asks whether there is
 * somebody to receive one.
 * @returns `undefined` when there is no such signal
 * @see signal(7)
 * @example
 * signalNumber('TERM'); // 15
 */
export function signalNumber(signal: string): number | undefined {
  if (/^\d+$/.test(signal)) {
    const number = Number(signal);
    return number <= 64 ? number : undefined;
  }
  const name = signal.toUpperCase().replace(/^(?!SIG)/, 'SIG');
  const real = /^SIGRT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (real) {
    const [, base, sign = '+', offset = '0'] = real;
    const number = (base === 'MIN' ? 34 : 64) + (sign === '+' ? 1 : -1) * Number(offset);
    return number >= 34 && number <= 64 ? number : undefined;
  }
  return signals()[name];
}

/** Loaded where it is needed: engines mostly give a number. */
function signals(): Readonly<Record<string, number>> {
  return process.getBuiltinModule('node:os').constants.signals;
}
