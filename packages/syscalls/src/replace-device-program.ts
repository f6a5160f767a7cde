import { flags, output } from './arg.ts';
import { bpf, close, openat } from './calls.ts';
import { attachDeviceProgramHere, type DeviceProgram } from './cgroup-program.ts';
import { BPF, BPF_ATTACH_TYPE, OPEN } from './constants.ts';
import { runLocally } from './local.ts';
import { bpfProgAttach, bpfProgById, bpfProgQuery } from './structs.ts';

const TYPE = flags(BPF_ATTACH_TYPE, 'BPF_CGROUP_DEVICE');
/** Room for the ids of all programs that a group can have (BPF_CGROUP_MAX_PROGS). */
const IDS_LENGTH = 64 * 4;
const WHY = 'take the earlier rules for devices away';

/**
 * As {@link attachDeviceProgramHere}, and takes away what was attached to the group itself before. The new program is in force before
 * an old one goes, so that at no moment more is allowed than one of them does.
 * @throws {SyscallError} as there
 * @see bpf(2)
 * @example
 * replaceDeviceProgramHere({ directory: '/sys/fs/cgroup/box', instructions });
 */
export function replaceDeviceProgramHere(program: DeviceProgram): void {
  const opened = runLocally([
    openat(
      { path: program.directory, flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC') },
      { why: WHY, result: 'group' },
    ),
  ]);
  opened.throwIfFailed();
  const group = opened.result('group') ?? -1;
  try {
    const before = attachedTo(group);
    attachDeviceProgramHere(program);
    for (const id of before) detach(group, id);
  } finally {
    closeHere(group);
  }
}

/** The ids of the programs that rule over the devices of a group and are attached to it, not to one above. */
function attachedTo(group: number): number[] {
  const attr = bpfProgQuery({ target: group, type: TYPE, ids: output('ids', IDS_LENGTH) });
  const outcome = runLocally([bpf({ command: flags(BPF, 'BPF_PROG_QUERY'), attr }, WHY)]);
  outcome.throwIfFailed();
  const bytes = outcome.output('ids');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: IDS_LENGTH / 4 }, (_, index) => view.getUint32(index * 4, true)).filter((id) => id !== 0);
}

function detach(group: number, id: number): void {
  const found = runLocally([
    bpf(
      { command: flags(BPF, 'BPF_PROG_GET_FD_BY_ID'), attr: bpfProgById(id) },
      { why: WHY, result: 'program', tolerate: ['ENOENT'] }, // somebody else has taken it away
    ),
  ]);
  found.throwIfFailed();
  const program = found.result('program');
  if (program === undefined || program < 0) return;
  try {
    const attr = bpfProgAttach({ target: group, program, type: TYPE });
    runLocally([bpf({ command: flags(BPF, 'BPF_PROG_DETACH'), attr }, WHY)]).throwIfFailed();
  } finally {
    closeHere(program);
  }
}

function closeHere(fd: number): void {
  runLocally([close(fd, WHY)]);
}
