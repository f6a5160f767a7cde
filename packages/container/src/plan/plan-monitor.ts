import { cloneInit, type NamespaceType } from '@coracle/namespaces';
import {
  AT,
  AT_FDCWD,
  CLONE,
  close,
  closeRange,
  dup3,
  flags,
  IOCTL,
  ioctl,
  LOCK,
  MSG,
  mkdirat,
  OPEN,
  openat,
  output,
  P,
  PR,
  type Program,
  prctl,
  REPORT,
  REPORT_LENGTH,
  RUSAGE_LENGTH,
  read,
  resultOf,
  SIGINFO_LENGTH,
  SIGKILL,
  type Step,
  step,
  symlinkat,
  unlinkat,
  unshare,
  WAIT,
  write,
} from '@coracle/syscalls';
import type { CgroupPlan } from '../cgroup/cgroup-plan.ts';
import { releaseIds } from '../ids/id-register.ts';
import { STATE_FILES } from '../state/state.ts';
import { FDS } from './descriptors.ts';
import { OUTPUT } from './monitor-outputs.ts';
import type { Further } from './plan-further.ts';
import { keepPidfd, waitForEither } from './plan-watch.ts';

/** What the monitor has to know of the container it is to watch. */
export interface MonitorPlan {
  id: string;
  name: string | undefined;
  stateRoot: string;
  namespaces: readonly NamespaceType[];
  /** Takes the container's ids for as long as the monitor lives. */
  claim: readonly Step[];
  cgroup: CgroupPlan | undefined;
  /** Whether anything is handed from the caller to the container or back; the socket for it is among the descriptors then. */
  hasHandover: boolean;
  /** How the caller's terminal was set (`struct termios`), to be put back at the end whatever happened. */
  terminal: Uint8Array | undefined;
  /** What only a config.json can ask for. */
  further: Further | undefined;
}

/** As much as is read of a cgroup's statistics file. */
const STAT_LENGTH = 512;
const REMOVE_DIRECTORY = flags(AT, 'AT_REMOVEDIR');
/**
 * The program of the monitor: from before the container is born until nothing of it is left. It runs as one message, so that
 * it goes on, and cleans up, also when the caller is killed: the end of the caller's socket is what it waits for beside
 * the end of the container.
 */
export function planMonitor(plan: MonitorPlan): Program {
  return {
    steps: [...prepareItself(), ...plan.claim, ...recordState(plan), ...planBirth(plan), ...watch(plan)],
    finally: [
      ...endContainer(),
      ...measure(plan.cgroup),
      ...restoreTerminal(plan),
      ...(plan.further?.atEnd ?? []),
      ...removeCgroup(plan.cgroup),
      ...removeState(plan),
      ...(plan.claim.length > 0 ? releaseIds() : []),
      ...leave(),
    ],
  };
}

/** What the birth of an init depends on. */
type BirthPlan = Pick<MonitorPlan, 'cgroup' | 'namespaces' | 'further'>;

/** Steps from the cgroup to the birth of the init, whose pid is the result `'init'`. */
export function planBirth(plan: BirthPlan): Step[] {
  return [...makeCgroup(plan.cgroup), ...makeInit(plan)];
}

function prepareItself(): Step[] {
  return [
    closeRange({ first: FDS.firstFree }, 'keep no descriptor of the caller open'),
    prctl(flags(PR, 'PR_SET_NAME'), ['coracle'], 'let ps show what this process is'),
  ];
}

/** The directory gets its final name only when its lock is held: whoever finds it unlocked may remove it. */
function recordState({ id, name, stateRoot, cgroup }: MonitorPlan): Step[] {
  const why = 'record the container';
  const unfinished = `${stateRoot}/.${id}`;
  const cgroups = `${unfinished}/${STATE_FILES.cgroups}`;
  const file = (path: string, result: string): Step =>
    openat({ path, flags: flags(OPEN, 'O_RDWR', 'O_CREAT', 'O_EXCL', 'O_CLOEXEC'), mode: 0o600 }, { why, result });
  return [
    mkdirat({ path: unfinished, mode: 0o700 }, why),
    ...(name === undefined
      ? []
      : [
          symlinkat(
            { target: id, path: `${stateRoot}/names/${name}` },
            { why: `take the name ${name}`, result: 'name' },
          ),
        ]),
    file(`${unfinished}/${STATE_FILES.lock}`, 'lock'),
    step('flock', [resultOf('lock'), flags(LOCK, 'LOCK_EX')], why),
    ...(cgroup
      ? [
          file(cgroups, 'cgroups'),
          write({ fd: resultOf('cgroups'), data: `${cgroup.directories.join('\n')}\n` }, { why, on: cgroups }),
        ]
      : []),
    step('renameat2', [AT_FDCWD, unfinished, AT_FDCWD, `${stateRoot}/${id}`, 0], why),
  ];
}

function makeCgroup(cgroup: CgroupPlan | undefined): Step[] {
  if (!cgroup) return [];
  return [
    ...cgroup.create,
    ...cgroup.joinFiles.map((path, index) =>
      openat(
        { path, flags: flags(OPEN, 'O_WRONLY', 'O_CLOEXEC') },
        { why: 'have the door of the cgroup open', result: `join ${index}` },
      ),
    ),
    ...(cgroup.joinDirectory === undefined
      ? []
      : [
          openat(
            { path: cgroup.joinDirectory, flags: flags(OPEN, 'O_PATH', 'O_DIRECTORY', 'O_CLOEXEC') },
            { why: 'find the cgroup', result: 'cgroup' },
          ),
          dup3({ from: resultOf('cgroup'), to: FDS.cgroup, flags: flags(OPEN, 'O_CLOEXEC') }, 'find the cgroup'),
        ]),
  ];
}

/**
 * A cgroup namespace begins at the groups that its maker is in, so it comes after the cgroup: born with it, the container would
 * see the host's groups above its own, and a privileged one could mount them.
 * @see cgroup_namespaces(7)
 */
function makeInit({ namespaces, cgroup, further }: BirthPlan): Step[] {
  const atBirth = namespaces.filter((type) => type !== 'cgroup' && !further?.madeApart.includes(type));
  const inside = (why: string): { why: string; only: 'child' } => ({ why, only: 'child' });
  return [
    ...(further?.beforeBirth ?? []),
    ...cloneInit({
      namespaces: atBirth,
      ...(cgroup?.joinDirectory === undefined ? {} : { cgroupFd: FDS.cgroup }),
    }),
    ...(cgroup?.joinFiles ?? []).map((path, index) =>
      write(
        { fd: resultOf(`join ${index}`), data: '0' },
        { why: 'put the container into its cgroup', on: path, only: 'child' },
      ),
    ),
    ...(namespaces.includes('cgroup')
      ? [unshare(flags(CLONE, 'CLONE_NEWCGROUP'), inside('let it see its own cgroup as the topmost one'))]
      : []),
    ...(further?.afterBirth ?? []),
  ];
}

/** Tells the caller the pid, lets go of the container's input and output, and waits for its end or the caller's. */
function watch({ hasHandover }: MonitorPlan): Step[] {
  const parent = (why: string): { why: string; only: 'parent' } => ({ why, only: 'parent' });
  return [
    ...keepPidfd('init', 'watch the container'),
    closeRange({ first: 0, last: 2 }, parent("leave input and output to the container's program")),
    ...(hasHandover ? [close(FDS.handover, parent('leave the hand-over to the container'))] : []),
    step('sendto', [FDS.socket, REPORT, REPORT_LENGTH, flags(MSG, 'MSG_NOSIGNAL'), null, 0], {
      ...parent('tell the caller'),
      tolerate: 'any',
    }),
    waitForEither('wait for the end of the container or of the caller'),
  ];
}

function endContainer(): Step[] {
  const only = 'parent' as const;
  return [
    step('kill', [resultOf('init'), SIGKILL], { why: 'end the container, if the caller ended first', only }),
    step(
      'waitid',
      [
        P.P_ALL,
        0,
        output(OUTPUT.end, SIGINFO_LENGTH),
        flags(WAIT, 'WEXITED', 'WNOWAIT'),
        output(OUTPUT.usage, RUSAGE_LENGTH),
      ],
      {
        why: 'learn how it ended',
        only,
        result: 'ended',
      },
    ),
  ];
}

function measure(cgroup: CgroupPlan | undefined): Step[] {
  return (cgroup?.statFiles ?? []).flatMap((path, index): Step[] => {
    const why = 'read what it used';
    return [
      openat({ path, flags: flags(OPEN, 'O_RDONLY', 'O_CLOEXEC') }, { why, only: 'parent', result: 'stat' }),
      read({ fd: resultOf('stat'), into: output(OUTPUT.stat(index), STAT_LENGTH) }, { why, only: 'parent' }),
    ];
  });
}

function restoreTerminal({ terminal }: MonitorPlan): Step[] {
  if (!terminal) return [];
  return [
    ioctl(
      { fd: FDS.terminal, request: flags(IOCTL, 'TCSETS'), arg: terminal },
      { why: "set the caller's terminal back", only: 'parent' },
    ),
  ];
}

function removeCgroup(cgroup: CgroupPlan | undefined): Step[] {
  return (cgroup?.remove ?? []).map((path) =>
    unlinkat({ path, flags: REMOVE_DIRECTORY }, { why: 'remove the cgroup', only: 'parent' }),
  );
}

function removeState({ id, name, stateRoot }: MonitorPlan): Step[] {
  const purpose = { why: 'forget the container', only: 'parent' } as const;
  const files = Object.values(STATE_FILES);
  const inside = (directory: string): Step[] => [
    ...files.map((file) => unlinkat({ path: `${directory}/${file}` }, purpose)),
    unlinkat({ path: directory, flags: REMOVE_DIRECTORY }, purpose),
  ];
  return [
    ...(name === undefined ? [] : removeName({ name, stateRoot })),
    ...inside(`${stateRoot}/${id}`),
    ...inside(`${stateRoot}/.${id}`),
  ];
}

/**
 * The monitor goes by itself. The container's process is buried only when its end was told, so that until then nobody else
 * can have its pid. A process born of the monitor never comes here.
 */
function leave(): Step[] {
  return [
    step('sendto', [FDS.socket, REPORT, REPORT_LENGTH, flags(MSG, 'MSG_NOSIGNAL'), null, 0], {
      why: 'tell the caller',
      only: 'parent',
    }),
    step('waitid', [P.P_ALL, 0, null, flags(WAIT, 'WEXITED'), null], { why: 'bury it', only: 'parent' }),
    step('exit_group', [0], { why: 'be gone', only: 'parent' }),
  ];
}

/** Only a name that this container took: the look-up through the result of taking it is passed over when that failed. */
function removeName({ name, stateRoot }: { name: string; stateRoot: string }): Step[] {
  return [
    step('unlinkat', [AT_FDCWD, `${stateRoot}/names/${name}`, resultOf('name')], {
      why: `give the name ${name} back`,
      only: 'parent',
    }),
  ];
}
