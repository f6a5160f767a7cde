import { describeCapabilities, parseCapabilities } from '@coracle/capabilities';
import { formatIdMap, type IdMaps } from '@coracle/namespaces';
import type { Config } from '@coracle/oci-spec';
import { blockedCalls } from '@coracle/seccomp';
import {
  type ExplainedStep,
  explain,
  type Flags,
  flags,
  hostArch,
  LANDLOCK_ACCESS_FS,
  MSG,
  resultOf,
  type Step,
  step,
} from '@coracle/syscalls';
import type { OwnedTree } from '../idmapped/give-tree.ts';
import { copyIdmapped, type IdmappedTree } from '../idmapped/plan-idmapped.ts';
import type { LabelledTree } from '../labels/labelled-trees.ts';
import type { Landlock } from '../landlock/plan-landlock.ts';
import { lookForMountCalls, whyOlder } from '../mount-calls.ts';
import { ownsNullStdio } from '../null-stdio.ts';
import type { ContainerOptions } from '../options/options.ts';
import { prepare } from '../prepare.ts';

/** Steps of a container that answer one question. */
export interface ExplainedPart {
  question: string;
  /** Which process takes the steps. */
  by: 'monitor' | 'caller' | 'init';
  steps: ExplainedStep[];
  /** What the steps come to, in sentences. */
  remarks?: string[];
}

/**
 * The whole program of a container, in parts, without running any of it.
 * @throws what making such a container would throw for its options
 * @example
 * for (const { question, steps } of explainContainer({ command: ['bash'] })) console.log(question, steps.length);
 */
export function explainContainer(options: ContainerOptions): ExplainedPart[] {
  lookForMountCalls();
  const { plan, config, isolation } = prepare(options);
  let next = 1;
  const part = (
    question: string,
    by: ExplainedPart['by'],
    steps: Parameters<typeof explain>[0]['steps'],
  ): ExplainedPart => {
    const explained = explain({ steps }, next);
    next += explained.length;
    return { question, by, steps: explained };
  };
  const idMaps = (maps: IdMaps): ExplainedPart => {
    const explained = idMapPart(maps, next);
    next += explained.steps.length;
    return explained;
  };
  const birth = plan.monitor.steps.findIndex(({ syscall }) => syscall === 'clone3');
  const isWatch = ({ only }: { only?: string }): boolean => only === 'parent';
  const afterBirth = plan.monitor.steps.slice(birth);
  const older = isolation.mountCalls === 'path' ? plan.parts.findIndex(({ steps }) => steps.some(isMount)) : undefined;
  return [
    ...ownedParts(plan.owned, () => next++),
    ...labelledParts(plan.labelled, () => next++),
    part('Who watches it, and what may it use?', 'monitor', plan.monitor.steps.slice(0, birth)),
    part(
      'What is isolated?',
      'monitor',
      afterBirth.filter((step) => !isWatch(step)),
    ),
    ...(plan.idMaps ? [idMaps(plan.idMaps)] : []),
    ...(plan.idmapped.length > 0
      ? [part('Whose files are they?', 'caller', [...copyIdmapped(plan.idmapped, USERNS), ...sends(plan.idmapped)])]
      : []),
    ...plan.parts.map(({ question, steps }, index) => {
      const remarks = [
        ...(index === older ? [ON_OLDER_CALLS()] : []),
        ...(index === plan.parts.length - 1 && ownsNullStdio(plan) ? [ON_NULL_STDIO] : []),
      ];
      return { ...part(question, 'init', steps), ...(remarks.length > 0 ? { remarks } : {}) };
    }),
    {
      ...part('What does the program start with?', 'init', plan.start),
      remarks: [...rightsOf(config), ...remarksOn(plan.landlock)],
    },
    part('What happens at its end?', 'monitor', [...afterBirth.filter(isWatch), ...(plan.monitor.finally ?? [])]),
  ];
}

const ON_OLDER_CALLS = (): string =>
  `Mounts are made with mount(2), not by descriptor: that takes mount_setattr, which ${whyOlder()}.`;

const ON_NULL_STDIO = 'Input and output that are the null device become that of the container, whose mode is its own.';

function isMount({ syscall }: Step): boolean {
  return syscall === 'mount';
}

/** The files are known only when they are looked at; there is a call for each. */
function ownedParts(trees: readonly OwnedTree[], number: () => number): ExplainedPart[] {
  if (trees.length === 0) return [];
  const steps = trees.map(({ source, uid, gid }) => ({
    number: number(),
    why: `give ${source} and all in it to the user of the container`,
    syscall: 'fchownat',
    call: `fchownat(FILE, "", ${uid}, ${gid}, AT_EMPTY_PATH)`,
  }));
  return [{ question: 'Whose are the volumes?', by: 'caller', steps }];
}

/** The same of labels. */
function labelledParts(trees: readonly LabelledTree[], number: () => number): ExplainedPart[] {
  if (trees.length === 0) return [];
  const steps = trees.map(({ source, label }) => ({
    number: number(),
    why: `let the container at ${source} and all in it, by a SELinux label`,
    syscall: 'setxattr',
    call: `setxattr(FILE, "security.selinux", "${label}")`,
  }));
  return [{ question: 'Which label have the volumes?', by: 'caller', steps }];
}

/** Known by number only when it is open. */
const USERNS: Flags = { kind: 'flags', value: 1, text: '/proc/PID/ns/user' };

/** Each descriptor is put into its message when it is known. */
function sends(trees: readonly IdmappedTree[]): Step[] {
  return trees.map(({ result }) =>
    step(
      'sendmsg',
      [resultOf('hand-over'), resultOf(result), flags(MSG, 'MSG_NOSIGNAL')],
      'hand the copy to the container',
    ),
  );
}

/** What the program may do, which no list of numbers and instructions tells. */
function rightsOf({ process: program, linux }: Config): string[] {
  const { sets } = parseCapabilities(program?.capabilities ?? {});
  const remarks = [`Root has ${describeCapabilities(sets)}, other users have none.`];
  if (!linux?.seccomp) return [...remarks, 'No system call is blocked.'];
  const { blocked, conditional } = blockedCalls(linux.seccomp, hostArch());
  return [
    ...remarks,
    `The filter blocks ${blocked.length} system calls: ${blocked.join(' ')}.`,
    ...(conditional.length > 0 ? [`With some arguments it blocks: ${conditional.join(' ')}.`] : []),
  ];
}

/** What no list of rules tells: the places where they are weaker than the mounts. */
function remarksOn(landlock: Landlock | undefined): string[] {
  if (!landlock?.files) return [];
  const { places, loose } = landlock.files;
  const isWritten = (rights: number): boolean => (rights & LANDLOCK_ACCESS_FS.LANDLOCK_ACCESS_FS_WRITE_FILE) !== 0;
  const written = places.filter(({ rights }) => isWritten(rights)).map(({ path }) => path);
  return [
    `Landlock lets it change files below ${written.join(' ')} alone, and make no mounts.`,
    ...(loose.length > 0
      ? [`Only mounts keep it from changing ${loose.join(' ')}: what is around may be changed.`]
      : []),
  ];
}

/** The id maps are written by the caller, as files; they are shown in the same form. */
export function idMapPart(maps: IdMaps, first: number): ExplainedPart {
  const line = (number: number, kind: 'uid' | 'gid', text: string): ExplainedStep => {
    const [file, helper] = [`${kind}_map`, `new${kind}map` as const];
    return {
      number,
      why: `say which of the host's ids the container's are (${file})`,
      syscall: maps.how === 'helper' ? helper : 'write',
      call:
        maps.how === 'helper'
          ? `${maps.helpers?.[helper] ?? helper} PID ${text.replaceAll('\n', ' ').trim()}`
          : `write("/proc/PID/${file}", ${JSON.stringify(text)})`,
    };
  };
  return {
    question: 'Whose ids does it have?',
    by: 'caller',
    steps: [line(first, 'uid', formatIdMap(maps.uids)), line(first + 1, 'gid', formatIdMap(maps.gids))],
  };
}
