/**
 * The C library by way of Bun's own foreign-function interface: it takes the place of packages/syscalls/src/open-libc.ts in the
 * stand-alone build, where nothing can be installed beside the command.
 * @module
 */
import { dlopen, ptr, read } from 'bun:ffi';
import { checkPlatform, type Libc, type SpawnOptions, syscallNumber } from '@coracle/syscalls';
import { Readiness } from './readiness.ts';

const LONG = 'i64_fast';
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
/** Larger than glibc's posix_spawn_file_actions_t (80 bytes) and posix_spawnattr_t (336) on both architectures. */
const OPAQUE_LENGTH = 512;

/** Opens it; the platform is looked at first. */
export function openLibc(): Libc {
  const arch = checkPlatform({ platform: process.platform, arch: process.arch, glibc: true });
  const { syscall, __errno_location } = dlopen('libc.so.6', {
    syscall: { args: [LONG, LONG, LONG, LONG, LONG, LONG, LONG], returns: LONG },
    __errno_location: { args: [], returns: 'ptr' },
  }).symbols;
  const errnoAt = __errno_location();
  const call: Libc['syscall'] = (number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0) => {
    const result = syscall(number, a, b, c, d, e, f);
    return result === -1 ? -read.i32(errnoAt) : result;
  };
  // The bytes of a small array move, once, to where others can share them: when its buffer is first asked for.
  const addressOf: Libc['addressOf'] = (bytes) => BigInt(bytes.buffer && ptr(bytes));
  const ppoll = syscallNumber('ppoll', arch) ?? -1;
  const readiness = new Readiness((fds, time) => call(ppoll, addressOf(fds), fds.length / 8, addressOf(time), 0, 0));
  let spawn: Libc['spawn'] | undefined;
  return {
    arch,
    syscall: call,
    addressOf,
    spawn(options) {
      spawn ??= bindSpawn();
      return spawn(options);
    },
    onReadable: (fd, callback) => readiness.watch(fd, callback),
  };
}

function bindSpawn(): Libc['spawn'] {
  const int = { returns: 'i32' } as const;
  const { symbols } = dlopen('libc.so.6', {
    posix_spawn_file_actions_init: { args: ['ptr'], ...int },
    posix_spawn_file_actions_adddup2: { args: ['ptr', 'i32', 'i32'], ...int },
    posix_spawn_file_actions_destroy: { args: ['ptr'], ...int },
    posix_spawnattr_init: { args: ['ptr'], ...int },
    posix_spawnattr_setflags: { args: ['ptr', 'i16'], ...int },
    posix_spawnattr_setsigmask: { args: ['ptr', 'ptr'], ...int },
    posix_spawnattr_setsigdefault: { args: ['ptr', 'ptr'], ...int },
    posix_spawn: { args: ['ptr', 'ptr', 'ptr', 'ptr', 'ptr', 'ptr'], ...int },
  });
  const attributes = new Uint8Array(OPAQUE_LENGTH);
  symbols.posix_spawnattr_init(attributes);
  const flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID;
  symbols.posix_spawnattr_setflags(attributes, flags);
  symbols.posix_spawnattr_setsigmask(attributes, new Uint8Array(128));
  // An ignored signal stays ignored across execve.
  symbols.posix_spawnattr_setsigdefault(attributes, new Uint8Array(128).fill(0xff));

  return ({ path, argv, env, fds }: SpawnOptions) => {
    const pid = new Int32Array(1);
    const actions = new Uint8Array(OPAQUE_LENGTH);
    symbols.posix_spawn_file_actions_init(actions);
    // It refuses by itself what can be no descriptor, and adds nothing then.
    const refused = fds
      .map((fd, target) => symbols.posix_spawn_file_actions_adddup2(actions, fd, target))
      .find((errno) => errno !== 0);
    const [words, variables] = [texts(argv), texts(env)];
    const failed =
      refused ?? symbols.posix_spawn(pid, text(path), actions, attributes, words.addresses, variables.addresses);
    symbols.posix_spawn_file_actions_destroy(actions);
    return failed === 0 ? (pid[0] ?? 0) : -failed;
  };
}

function text(content: string): Uint8Array {
  return Buffer.from(`${content}\0`);
}

/** An array of pointers to texts, with the null pointer at its end; the texts are to be kept as long as it. */
function texts(contents: readonly string[]): { addresses: BigUint64Array; kept: Uint8Array[] } {
  const kept = contents.map(text);
  return { addresses: BigUint64Array.from([...kept.map((bytes) => BigInt(ptr(bytes))), 0n]), kept };
}
