import type { Hook, Seccomp } from '@coracle/oci-spec';
import { execve, type Step } from '@coracle/syscalls';
import { startIn } from '../exec.ts';
import { thisHost } from '../host.ts';
import { hasUserNamespace, joinsUserNamespace, leaveGroups } from '../ids/joined-user-namespace.ts';
import { userOf } from '../ids/user-of.ts';
import { isLabelled, labelEntered, openCallersProc } from '../labels/plan-labels.ts';
import { possibleCapabilities } from '../oci/capabilities.ts';
import { withHome } from '../oci/home.ts';
import { normalize } from '../oci/normalize.ts';
import { planSettings } from '../oci/plan-settings.ts';
import type { Entry } from '../plan/plan-entry.ts';
import type { ContainerRecord } from './record.ts';

/** What a hook that is a file of the container runs with, beside its namespaces. */
export type Confinement = Required<Pick<Entry, 'joinFiles' | 'before' | 'born' | 'start'>>;

/**
 * The steps of a hook whose program is a file of the container, and so may be anybody's: it has what the container's program will
 * have and no more, user, capabilities, limits, filter, label and cgroup. As with runc, whose hook is a child of that program to be.
 *
 * What the filter asks about is refused to it: who answers is told of the container's program alone. A hook that is given no environment
 * has that of the program, as always with runc.
 */
export function planInsideHook(hook: Hook, { config, bundle, idMaps, doors }: ContainerRecord): Confinement {
  const { path, args = [path] } = hook;
  const { available, bounding } = thisHost().capabilities(hasUserNamespace(config));
  const normalized = normalize(config, bundle);
  const { process: own, linux } = normalized;
  const env = hook.env ?? withHome(own.env ?? [], { root: normalized.root.path, uid: userOf(own).uid });
  const capabilities = possibleCapabilities(own.capabilities ?? {}, { available, onWarning: () => {} }); // create has told
  const process = { ...own, terminal: false, args: [path], env, capabilities };
  const seccomp = linux.seccomp && answered(linux.seccomp);
  const confined = { ...config, linux: { ...linux, ...(seccomp ? { seccomp } : {}) } };
  const steps = startIn({ config: confined, idMaps, bounding, landlock: undefined }, process, planSettings(normalized));
  const isLast = ({ syscall }: Step): boolean => syscall === 'execve';
  return {
    joinFiles: doors,
    before: [
      ...(joinsUserNamespace(config) ? [leaveGroups()] : []),
      ...(isLabelled(process) ? [openCallersProc()] : []),
    ],
    born: isLabelled(process) ? labelEntered(process) : [],
    start: [
      ...steps.slice(0, steps.findIndex(isLast)),
      execve({ path, argv: args, env }, { why: `run the hook ${path}` }),
    ],
  };
}

/** A filter that asks nobody. */
function answered({ defaultAction, syscalls = [], ...seccomp }: Seccomp): Seccomp {
  const decided = (action: Seccomp['defaultAction']): Seccomp['defaultAction'] =>
    action === 'SCMP_ACT_NOTIFY' ? 'SCMP_ACT_ERRNO' : action;
  return {
    ...seccomp,
    defaultAction: decided(defaultAction),
    syscalls: syscalls.map((rule) => ({ ...rule, action: decided(rule.action) })),
  };
}
