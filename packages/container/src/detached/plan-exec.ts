import type { Process } from '@coracle/oci-spec';
import type { Program } from '@coracle/syscalls';
import { namespacesOf, startIn } from '../exec.ts';
import { thisHost } from '../host.ts';
import { hasUserNamespace, joinsUserNamespace, leaveGroups } from '../ids/joined-user-namespace.ts';
import { userOf } from '../ids/user-of.ts';
import { isLabelled, labelEntered, openCallersProc } from '../labels/plan-labels.ts';
import { nullStdio, ownNullStdio } from '../null-stdio.ts';
import { possibleCapabilities } from '../oci/capabilities.ts';
import { checkGroups } from '../oci/check-groups.ts';
import type { ConfigWarning } from '../oci/config-error.ts';
import { withHome } from '../oci/home.ts';
import { normalize } from '../oci/normalize.ts';
import { planOomScore } from '../oci/plan-oom-score.ts';
import { planSettings } from '../oci/plan-settings.ts';
import { FDS } from '../plan/descriptors.ts';
import { hasOwnMounts } from '../plan/own-mounts.ts';
import { planEntry } from '../plan/plan-entry.ts';
import { takeTerminal } from '../plan/plan-terminal.ts';
import { planAffinity } from './plan-affinity.ts';
import type { ContainerRecord } from './record.ts';
import { outliveMaker, passDescriptors, takePreserved } from './steps-for-detached.ts';

/** What an agent that enters a container has beside its sockets. */
const FIRST_PRESERVED = FDS.firstFree;

/** What of a container and of a program the plan of its entry depends on. */
export interface Entering {
  record: ContainerRecord;
  wanted: Process;
  /** How many descriptors it is given. */
  preserved: number;
  /** Files by which it joins its cgroup. */
  joinFiles: readonly string[];
  /** Told of capabilities that cannot be given and are left out. Nobody if absent. */
  onWarning?: ((warning: ConfigWarning) => void) | undefined;
}

/** The program of the agent that enters a container and gives birth to a further program in it. */
export function planExec({ record, wanted, preserved, joinFiles, onWarning = () => {} }: Entering): Program {
  const { config, idMaps, bundle } = record;
  checkGroups(userOf(wanted), idMaps);
  const { available, bounding } = thisHost().capabilities(hasUserNamespace(config));
  // As it is for the container's first program: the same defaults, the same settings.
  const normalized = normalize({ ...config, process: wanted }, bundle);
  const root = normalized.root.path;
  const process = {
    ...normalized.process,
    capabilities: possibleCapabilities(normalized.process.capabilities ?? {}, { available, onWarning }),
    env: withHome(normalized.process.env ?? [], { root, uid: userOf(wanted).uid }),
  };
  const affinity = planAffinity(process.execCPUAffinity);
  const start = outliveMaker(
    startIn({ config, idMaps, bounding, landlock: undefined }, process, [
      ...planSettings(normalized),
      ...affinity.inside,
    ]),
  );
  const labelled = isLabelled(process);
  const passed = preserved === 0 ? { steps: start, finally: [] } : passDescriptors(start, preserved);
  return planEntry({
    pidfd: FDS.terminal,
    notifies: record.notifies,
    namespaces: namespacesOf(config),
    rootOf: hasOwnMounts(config) ? undefined : record.process?.pid,
    joinFiles,
    before: [
      ...affinity.before,
      ...takePreserved(FIRST_PRESERVED, preserved),
      // The agent does not go back to a score of its own: it ends.
      ...planOomScore(process.oomScoreAdj, Number.NaN).beforeBirth,
      ...(joinsUserNamespace(config) ? [leaveGroups()] : []),
      ...(labelled ? [openCallersProc()] : []),
    ],
    born: [
      ...(labelled ? labelEntered(process) : []),
      ...(process.terminal ? takeTerminal(process) : ownNullStdio(nullStdio())),
    ],
    start: passed.steps,
    failed: passed.finally ?? [],
    kept: preserved,
  });
}
