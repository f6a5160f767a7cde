import {
  type CapabilityPlan,
  parseCapabilities,
  planCapabilities,
  setCapabilities,
  toMask,
} from '@coracle/capabilities';
import { enterWorkingDirectory } from '@coracle/chroot-fs';
import type { Process, Seccomp } from '@coracle/oci-spec';
import { loadFilter } from '@coracle/seccomp';
import {
  AT_FDCWD,
  clone3,
  closeRange,
  dup3,
  execve,
  fdMessage,
  flags,
  IOCTL,
  ioctl,
  MSG,
  OPEN,
  openat,
  PR,
  prctl,
  prlimit64,
  RLIMIT,
  resultOf,
  SIG,
  SIGKILL,
  type Step,
  setgroups,
  setresgid,
  setresuid,
  signalSet,
  step,
  umask,
} from '@coracle/syscalls';
import { userOf } from '../ids/user-of.ts';
import { enterRuleset, type Landlock, makeRuleset } from '../landlock/plan-landlock.ts';
import { filterFor } from '../seccomp/filter-for.ts';
import { FDS } from './descriptors.ts';

const KILL = toMask(['CAP_KILL']);
const INIT_CAPABILITIES = { bounding: KILL, permitted: KILL, effective: KILL, inheritable: 0n, ambient: 0n };

/** How a program is started beside what its configuration says. */
export interface ProcessPlan {
  process: Process;
  /** The filter of system calls, if there is one. */
  seccomp: Seccomp | undefined;
  /** The bounding set that the process begins with. */
  bounding: bigint;
  /** What Landlock keeps it from, if anything. */
  landlock: Landlock | undefined;
  /** What else of the kernel holds for the program; taken after its limits, as root. */
  settings?: readonly Step[];
  /** Make the working directory where it is missing. */
  makeWorkingDirectory: boolean;
  /** Whether supplementary groups can be set: not with a map of a single id, and in a user namespace with maps of others nobody knows. */
  canSetGroups: boolean | 'unknown';
  /** Stay as a small init and let a child become the program. */
  init: boolean;
}

/**
 * Steps that turn the waiting init into the container's program. What takes power away comes last, the program very last.
 *
 * The order is that of what each step needs: opening places for Landlock needs no limit on descriptors yet, limits need CAP_SYS_RESOURCE, the bounding set CAP_SETPCAP, the user
 * CAP_SETUID; the filter needs no_new_privs, or else CAP_SYS_ADMIN, and judges all steps behind it.
 */
export function planProcess(plan: ProcessPlan): Step[] {
  const { process, landlock, makeWorkingDirectory, canSetGroups, init } = plan;
  const capabilities = capabilitySteps(plan);
  const filter = filterSteps(plan);
  const steps = [
    ...startSession(process),
    ...enterWorkingDirectory(process.cwd, { create: makeWorkingDirectory }),
    ...(landlock ? makeRuleset(landlock) : []),
    ...setLimits(process),
    ...(plan.settings ?? []),
    ...capabilities.before,
    ...(process.noNewPrivileges ? [] : filter),
    ...becomeUser(process, canSetGroups),
    ...capabilities.after,
    prctl(flags(PR, 'PR_SET_PDEATHSIG'), [SIGKILL], 'end with the monitor, whatever happens'),
    umask(userOf(process).umask ?? 0o022, 'start with the usual umask'),
    ...(process.noNewPrivileges ? [noNewPrivileges(), ...filter] : []),
    ...becomeProgram(process),
  ];
  return init ? [...becomeInit(), ...steps.map((one) => ({ ...one, only: 'child' as const }))] : steps;
}

function capabilitySteps({ process, bounding }: ProcessPlan): CapabilityPlan {
  if (!process.capabilities) return { before: [], after: [] };
  const { sets } = parseCapabilities(process.capabilities);
  return planCapabilities(sets, { uid: userOf(process).uid, from: bounding });
}

function filterSteps({ seccomp, landlock }: ProcessPlan): Step[] {
  return [...(landlock ? [enterRuleset(landlock)] : []), ...loadSteps(seccomp)];
}

function loadSteps(seccomp: Seccomp | undefined): Step[] {
  if (!seccomp) return [];
  const filter = filterFor(seccomp);
  const why = 'filter the system calls it can make';
  if (!filter.notifies) return [loadFilter(filter, why)];
  const handOver = 'hand the calls that the filter asks about to the caller';
  return [
    loadFilter(filter, { why, result: 'listener' }),
    dup3({ from: resultOf('listener'), to: FDS.listener, flags: flags(OPEN, 'O_CLOEXEC') }, handOver),
    step('sendmsg', [FDS.lateHandover, fdMessage([FDS.listener]), flags(MSG, 'MSG_NOSIGNAL')], handOver),
  ];
}

function noNewPrivileges(): Step {
  return prctl(flags(PR, 'PR_SET_NO_NEW_PRIVS'), [1, 0, 0, 0], 'forbid programs to gain rights');
}

/**
 * Process 1 stays the agent, with no right but to send signals, and reaps; its child goes on. All signals are blocked in
 * the one and open again in the other.
 */
function becomeInit(): Step[] {
  const why = 'run an init that hands on signals and reaps orphans';
  const mask = (signals: number[] | 'all'): Step =>
    step('rt_sigprocmask', [flags(SIG, 'SIG_SETMASK'), signalSet(signals), null, 8], why);
  return [
    mask('all'),
    prctl(flags(PR, 'PR_SET_NAME'), ['coracle-init'], 'let ps show what this process is'),
    clone3({ flags: 0 }, { why, result: 'program' }),
    { ...mask([]), only: 'child' },
    ...[
      closeRange({ first: 0, last: FDS.socket }, why),
      noNewPrivileges(),
      ...setCapabilities(INIT_CAPABILITIES),
      step('reap_children', [resultOf('program')], why),
    ].map((one) => ({ ...one, only: 'parent' as const })),
  ];
}

/** A session of its own, so that no key of the caller's terminal reaches it and it can push none back (TIOCSTI). */
function startSession({ terminal }: Process): Step[] {
  const session = step('setsid', [], { why: 'start a session of its own', tolerate: ['EPERM'] });
  if (!terminal) return [session];
  return [
    session,
    ioctl({ fd: 0, request: flags(IOCTL, 'TIOCSCTTY') }, 'make the terminal the one that Ctrl-C comes from'),
  ];
}

function setLimits({ rlimits = [] }: Process): Step[] {
  return rlimits.map(({ type, soft, hard }) => {
    const resource = flags(RLIMIT, type);
    return prlimit64(
      { resource, soft: orMax(soft), hard: orMax(hard) },
      `limit ${type.slice('RLIMIT_'.length).toLowerCase()}`,
    );
  });
}

/** No limit is 2^64 in a configuration, since JSON has only numbers. */
function orMax(limit: number): number | 'max' {
  return limit >= 2 ** 64 ? 'max' : limit;
}

function becomeUser(process: Process, canSetGroups: ProcessPlan['canSetGroups']): Step[] {
  const user = userOf(process);
  const why = `become user ${user.uid}, group ${user.gid}`;
  const groups = user.additionalGids ?? [];
  const mayFail = canSetGroups === 'unknown' && groups.length === 0; // those of the host were left before, by who has the right to
  return [
    ...(canSetGroups ? [setgroups(groups, mayFail ? { why, tolerate: ['EPERM'] } : why)] : []),
    setresgid(user.gid, why),
    setresuid(user.uid, why),
  ];
}

/** Why an attempt may go on to the next directory of PATH; any other error ends the search. */
const TRY_NEXT = ['ENOENT', 'ENOTDIR', 'EACCES'] as const;

/**
 * The execve, once for each place where the program may be. A success never returns; so what follows a failure can look
 * whether the file is there after all, which tells "not found" from "its interpreter was not found".
 */
function becomeProgram({ args = [], env = [] }: Process): Step[] {
  const why = `start ${args[0]}`;
  const places = candidates(args[0] ?? '', env);
  return [
    ...places.map((path) => execve({ path, argv: args, env }, { why, tolerate: TRY_NEXT })),
    ...places.map((path) =>
      openat(
        { dir: AT_FDCWD, path, flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC') },
        { why: `look for ${path}`, tolerate: 'any' },
      ),
    ),
  ];
}

/** Where a program may be: the path itself if it has a slash, else in each directory of PATH. See execvp(3). */
export function candidates(program: string, env: readonly string[]): string[] {
  if (program.includes('/')) return [program];
  const path = env.find((variable) => variable.startsWith('PATH='))?.slice('PATH='.length) ?? '/usr/bin:/bin';
  return path.split(':').map((directory) => `${directory || '.'}/${program}`);
}
