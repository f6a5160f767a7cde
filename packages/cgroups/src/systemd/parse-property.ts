import { SystemError } from '@coracle/errors';
import { parseVariant } from './parse-variant.ts';
import type { Property } from './property.ts';

const USEC_PER_SEC = 1_000_000;

/**
 * A property of a unit as annotations of a container write it (`org.systemd.property.NAME`): its value is in the text format of GVariant.
 * A number of a property whose name ends in `Sec` is one of seconds, which systemd takes as microseconds, by the name that ends in `USec`.
 * @throws SystemError EINVAL for what is no name of a property, or no value
 * @see https://docs.gtk.org/glib/gvariant-text-format.html; systemd.scope(5)
 * @example
 * parseProperty('TimeoutStopSec', 'uint64 5'); // ['TimeoutStopUSec', ['t', '5000000']]
 */
export function parseProperty(name: string, text: string): Property {
  if (!/^[A-Za-z]{3,}$/.test(name)) throw invalid(name, 'this is no name of a property of systemd’s');
  const value = parseVariant(text);
  if (value === undefined) throw invalid(name, `its value cannot be read: ${text}`);
  if (!/[a-z]Sec$/.test(name)) return [name, value];
  const [signature, seconds] = value;
  if (!/^[xtynqiud]$/.test(signature)) throw invalid(name, `its value has to be a number of seconds: ${text}`);
  const usec = Math.round(Number(seconds) * USEC_PER_SEC);
  if (!Number.isSafeInteger(usec) || usec < 0) throw invalid(name, `this is no time: ${text}`);
  return [`${name.slice(0, -'Sec'.length)}USec`, ['t', String(usec)]];
}

function invalid(path: string, text: string): SystemError {
  const hint = "write a value as busctl(1) and gdbus(1) do: 'inactive-or-failed', true, uint64 5000000";
  return new SystemError({ code: 'EINVAL', syscall: 'StartTransientUnit', path, text, hint });
}
