import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A loaded library, and its functions by their C declarations. */
export interface Library {
  func(definition: string): (...args: unknown[]) => number;
}

/** What of koffi is used. */
export interface Koffi {
  load(path: null): Library;
  errno(): number;
  address(value: Uint8Array): bigint;
  view(address: number, length: number): ArrayBuffer;
  node: {
    poll(fd: number, options: { readable: boolean; disconnect: boolean }, callback: () => void): { close(): void };
  };
}

/** Where the process keeps it: a packed command needs it before its own code is there. */
const LOADED = Symbol.for('coracle.koffi');

/**
 * koffi, once in a process. Its own loader looks for its binary in many places, for many platforms, which takes longer than a
 * container does. The binary of this platform lies in a package of its own and is all that is needed; the loader is the way
 * out when it is not where it is expected.
 * @throws what koffi's loader throws
 * @example
 * loadKoffi('x64').load(null); // the C library of this process
 */
export function loadKoffi(arch: string): Koffi {
  const loaded: unknown = Reflect.get(globalThis, LOADED) ?? loadBinary(arch) ?? requireKoffi();
  if (!isKoffi(loaded)) throw new TypeError('koffi is not what it was: is another version of it installed?');
  Reflect.set(globalThis, LOADED, loaded);
  return loaded;
}

function loadBinary(arch: string): unknown {
  const installed = nearestPackage('koffi', dirname(import.meta.filename));
  const binary = join(installed, '..', '@koromix', `koffi-linux-${arch}`, `linux_${arch}`, 'koffi.node');
  if (!existsSync(binary)) return undefined;
  const loaded: { exports: unknown } = { exports: {} };
  process.dlopen(loaded, binary);
  return isKoffi(loaded.exports) ? loaded.exports : undefined;
}

function requireKoffi(): unknown {
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.filename);
  return require('koffi');
}

/** Where a package is installed, as seen from a directory; a path that does not exist when it is nowhere. */
function nearestPackage(name: string, from: string): string {
  const path = join(from, 'node_modules', name);
  if (existsSync(path)) return realpathSync.native(path);
  return dirname(from) === from ? path : nearestPackage(name, dirname(from));
}

function isKoffi(value: unknown): value is Koffi {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['load', 'errno', 'address', 'view', 'node'].every((name) => name in value)
  );
}
