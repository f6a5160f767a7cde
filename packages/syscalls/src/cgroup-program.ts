import { flags, output, resultOf } from './arg.ts';
import { bpf, close, dup3, type Fd, openat, prlimit64 } from './calls.ts';
import { BPF, BPF_ATTACH_TYPE, BPF_F, BPF_PROG_TYPE, OPEN, RLIMIT } from './constants.ts';
import { kernelRelease } from './host-calls.ts';
import { isAtLeast, type KernelVersion, kernelVersion } from './kernel-version.ts';
import { runLocally } from './local.ts';
import { type Program, type Step, step } from './step.ts';
import { bpfProgAttach, bpfProgLoad } from './structs.ts';

/** A program that decides what the processes of a cgroup of version 2 may do with devices. */
export interface DeviceProgram {
  /** The group's directory. */
  directory: string;
  /** The program, in BPF instructions of 8 bytes. */
  instructions: Uint8Array;
}

/** No helper of the kernel is used that would ask for the GPL. */
const LICENSE = 'Apache-2.0';
/** Shows in bpftool(8). */
const NAME = 'coracle_devices';
/** From here on a program counts as memory of a cgroup; before, as locked memory of the user, of which there may be 64 KiB for all. */
const COUNTED_BY_GROUP = { major: 5, minor: 11 };
const WHY = { load: 'load the rules for devices', attach: 'put the rules for devices in force' } as const;

/**
 * The steps that load a device program and attach it to its group, beside those of other programs there: all of them must
 * allow what a process does. The group keeps it until it is removed; the steps leave no descriptor open.
 *
 * Needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, in the first user namespace, and Linux 4.15 with CONFIG_CGROUP_BPF.
 * @param fds numbers for the two descriptors, for the call that attaches has them inside a structure; what is open there is closed
 * @param kernel whose it will be; this one's if absent
 * @see bpf(2)
 * @example
 * attachDeviceProgram({ directory: '/sys/fs/cgroup/box', instructions }, { group: 43, program: 44 });
 */
export function attachDeviceProgram(
  program: DeviceProgram,
  fds: { group: number; program: number },
  kernel: KernelVersion | string = kernelRelease(),
): Step[] {
  const why = WHY.attach;
  const O_CLOEXEC = flags(OPEN, 'O_CLOEXEC');
  const loading = loadProgram(program, kernel);
  return [
    ...loading.steps,
    ...(loading.finally ?? []),
    dup3({ from: resultOf('device group'), to: fds.group, flags: O_CLOEXEC }, why),
    close(resultOf('device group'), why),
    dup3({ from: resultOf('device program'), to: fds.program, flags: O_CLOEXEC }, why),
    close(resultOf('device program'), why),
    attach(fds),
    close(fds.group, why),
    close(fds.program, why),
  ];
}

/**
 * Loads a device program and attaches it to its group, in this process.
 * @throws {SyscallError} EPERM without the capabilities, or below a group whose own program does not let others in; EINVAL on
 *   a kernel without CONFIG_CGROUP_BPF; ENOENT when there is no such group; EBADF when it is no group of version 2
 * @see bpf(2)
 * @example
 * attachDeviceProgramHere({ directory: '/sys/fs/cgroup/box', instructions });
 */
export function attachDeviceProgramHere(program: DeviceProgram): void {
  const loaded = runLocally(loadProgram(program, kernelRelease()));
  const fds = { group: loaded.result('device group'), program: loaded.result('device program') };
  try {
    loaded.throwIfFailed();
    if (fds.group === undefined || fds.program === undefined) return;
    runLocally([attach({ group: fds.group, program: fds.program })]).throwIfFailed();
  } finally {
    const open: Fd[] = [fds.group, fds.program].filter((fd) => fd !== undefined);
    runLocally(open.map((fd) => close(fd, WHY.attach)));
  }
}

function loadProgram({ directory, instructions }: DeviceProgram, kernel: KernelVersion | string): Program {
  const type = flags(BPF_PROG_TYPE, 'BPF_PROG_TYPE_CGROUP_DEVICE');
  const room = isAtLeast(kernelVersion(kernel), COUNTED_BY_GROUP) ? undefined : roomForLocked();
  return {
    steps: [
      openat(
        { path: directory, flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC') },
        { why: WHY.attach, result: 'device group' },
      ),
      ...(room?.make ?? []),
      bpf(
        {
          command: flags(BPF, 'BPF_PROG_LOAD'),
          attr: bpfProgLoad({ type, instructions, license: LICENSE, name: NAME }),
        },
        { why: WHY.load, result: 'device program' },
      ),
    ],
    finally: room?.giveBack ?? [],
  };
}

/** The limit is no longer in the way, and then as it was: who is born of this process inherits it. Needs CAP_SYS_RESOURCE. */
function roomForLocked(): { make: Step[]; giveBack: Step[] } {
  const resource = flags(RLIMIT, 'RLIMIT_MEMLOCK');
  const before = output('limit of locked memory', 16);
  return {
    make: [
      step('prlimit64', [0, resource, null, before], WHY.load),
      prlimit64({ resource, soft: 'max', hard: 'max' }, { why: WHY.load, tolerate: ['EPERM'] }),
    ],
    giveBack: [step('prlimit64', [0, resource, before, null], WHY.load)],
  };
}

function attach({ group, program }: { group: number; program: number }): Step {
  const attr = bpfProgAttach({
    target: group,
    program,
    type: flags(BPF_ATTACH_TYPE, 'BPF_CGROUP_DEVICE'),
    flags: flags(BPF_F, 'BPF_F_ALLOW_MULTI'),
  });
  return bpf({ command: flags(BPF, 'BPF_PROG_ATTACH'), attr }, WHY.attach);
}
