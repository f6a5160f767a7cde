import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errnoName, SystemError } from '@coracle/errors';
import { F, MFD, SEAL } from './constants.ts';
import { AGENT_IMAGES } from './generated/agent.ts';
import { closeFd, duplicateFd } from './host-calls.ts';
import { type Libc, libc } from './libc.ts';
import { type SyscallName, syscallNumber } from './syscall-names.ts';

/** The agent's executable, open in this process. */
export interface AgentImage {
  fd: number;
  /** `'memfd'`: in sealed memory nobody can change; `'file'`: in a file already deleted, where the kernel forbids the first. */
  kind: 'memfd' | 'file';
}

/** High enough never to be among the descriptors that a new agent is given. */
const FIRST_FREE_FD = 64;

let image: AgentImage | undefined;

/**
 * The agent's image, made at the first call and kept.
 * @throws SystemError when neither a memfd nor an executable file can be had
 * @example
 * agentImage().kind; // 'memfd'
 */
export function agentImage(): AgentImage {
  image ??= memfdImage() ?? fileImage();
  return image;
}

/** Turns to the image in a file, for a kernel that lets us make the memfd but not run it. */
export function fallBackToFile(): AgentImage {
  if (image) closeFd(image.fd);
  image = fileImage();
  return image;
}

function memfdImage(): AgentImage | undefined {
  const { arch, syscall, addressOf } = libc();
  const call = (name: SyscallName, ...args: (number | bigint)[]): number =>
    syscall(syscallNumber(name, arch) ?? -1, ...args);
  const name = Buffer.from('coracle-agent\0');
  const flags = MFD.MFD_CLOEXEC | MFD.MFD_ALLOW_SEALING;
  let fd = call('memfd_create', addressOf(name), flags | MFD.MFD_EXEC);
  // MFD_EXEC is known since Linux 6.3; before, every memfd may be executed.
  if (fd < 0 && errnoName(fd) === 'EINVAL') fd = call('memfd_create', addressOf(name), flags);
  if (fd < 0) return undefined;
  writeSync(fd, Buffer.from(AGENT_IMAGES[arch], 'base64'));
  const seals = SEAL.F_SEAL_SEAL | SEAL.F_SEAL_SHRINK | SEAL.F_SEAL_GROW | SEAL.F_SEAL_WRITE;
  if (call('fcntl', fd, F.F_ADD_SEALS, seals | SEAL.F_SEAL_EXEC) < 0) call('fcntl', fd, F.F_ADD_SEALS, seals);
  return { fd: moveUp(fd), kind: 'memfd' };
}

/** In a directory of our own, deleted as soon as it is open: an open file can be executed without a name. */
function fileImage(): AgentImage {
  const { arch }: Libc = libc();
  const { tmpdir } = process.getBuiltinModule('node:os');
  let directory: string;
  try {
    directory = mkdtempSync(join(tmpdir(), 'coracle-agent-'));
  } catch (cause) {
    throw new SystemError({
      code: 'EACCES',
      syscall: 'mkdtemp',
      path: tmpdir(),
      cause,
      step: 'store the agent',
      hint: 'allow executable memfds (sysctl vm.memfd_noexec=0) or set TMPDIR to a writable directory',
    });
  }
  try {
    const path = join(directory, 'agent');
    writeFileSync(path, Buffer.from(AGENT_IMAGES[arch], 'base64'), { mode: 0o500 });
    return { fd: moveUp(openSync(path, constants.O_RDONLY)), kind: 'file' };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function moveUp(fd: number): number {
  const high = duplicateFd(fd, FIRST_FREE_FD);
  closeSync(fd);
  return high;
}
