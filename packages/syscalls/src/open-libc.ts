import type { Libc } from './libc.ts';
import { type Koffi, type Library, loadKoffi } from './load-koffi.ts';
import { checkPlatform, UnsupportedPlatformError } from './platform.ts';
import type { Arch } from './syscall-names.ts';

/** The C library by way of koffi, which is loaded for it. */
export function openLibc(): Libc {
  const { platform, arch: machine } = process;
  const arch = checkPlatform({ platform, arch: machine, glibc: true });
  let koffi: Koffi;
  try {
    koffi = loadKoffi(arch);
  } catch (cause) {
    checkPlatform(); // musl may be the reason, and is the better one to name
    const error = new UnsupportedPlatformError(
      'could not load koffi, the bridge to the C library: install the optional dependencies of the package koffi',
    );
    error.cause = cause;
    throw error;
  }
  const library = koffi.load(null);
  checkPlatform({ platform, arch, glibc: isGlibc(library) });
  return bind(koffi, { library, arch });
}

/** musl has no such function. */
function isGlibc(library: Library): boolean {
  try {
    library.func('const char *gnu_get_libc_version()');
    return true;
  } catch {
    // koffi's only reason to refuse it is that there is none.
    return false;
  }
}

const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
/** Larger than glibc's posix_spawn_file_actions_t (80 bytes) and posix_spawnattr_t (336) on both architectures. */
const OPAQUE_LENGTH = 512;

function bind(koffi: Koffi, { library, arch }: { library: Library; arch: Arch }): Libc {
  const syscall = library.func('long syscall(long, long, long, long, long, long, long)');
  const posixSpawn = lazily(() => bindSpawn(library));
  // koffi's handle ends with its object: one that nobody holds on to would stop calling back at the next garbage collection.
  const watched = new Set<{ close(): void }>();
  return {
    arch,
    syscall(number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0) {
      const result = syscall(number, a, b, c, d, e, f);
      return result === -1 ? -koffi.errno() : result;
    },
    addressOf: (bytes) => koffi.address(bytes),
    spawn: (options) => posixSpawn()(options),
    onReadable(fd, callback) {
      const handle = koffi.node.poll(fd, { readable: true, disconnect: true }, callback);
      watched.add(handle);
      return () => {
        watched.delete(handle);
        handle.close();
      };
    },
  };
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function bindSpawn(library: Library): Libc['spawn'] {
  const actionsInit = library.func('int posix_spawn_file_actions_init(void *)');
  const actionsDup2 = library.func('int posix_spawn_file_actions_adddup2(void *, int, int)');
  const actionsDestroy = library.func('int posix_spawn_file_actions_destroy(void *)');
  const attrInit = library.func('int posix_spawnattr_init(void *)');
  const attrFlags = library.func('int posix_spawnattr_setflags(void *, short)');
  const attrMask = library.func('int posix_spawnattr_setsigmask(void *, void *)');
  const attrDefault = library.func('int posix_spawnattr_setsigdefault(void *, void *)');
  const spawn = library.func('int posix_spawn(void *, const char *, void *, void *, const char **, const char **)');

  const noSignals = new Uint8Array(128);
  const allSignals = new Uint8Array(128).fill(0xff);
  const attributes = new Uint8Array(OPAQUE_LENGTH);
  attrInit(attributes);
  attrFlags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  attrMask(attributes, noSignals);
  // Node ignores SIGPIPE; an ignored signal stays ignored across execve.
  attrDefault(attributes, allSignals);

  return ({ path, argv, env, fds }) => {
    const pid = new Int32Array(1);
    const actions = new Uint8Array(OPAQUE_LENGTH);
    actionsInit(actions);
    // dup2 onto itself clears close-on-exec in posix_spawn, which libuv sets on 0-2 too.
    // It refuses by itself what can be no descriptor, and adds nothing then.
    const refused = fds.map((fd, target) => actionsDup2(actions, fd, target)).find((errno) => errno !== 0);
    const failed = refused ?? spawn(pid, path, actions, attributes, [...argv, null], [...env, null]);
    actionsDestroy(actions);
    return failed === 0 ? (pid[0] ?? 0) : -failed;
  };
}
