import { toMask } from '@coracle/capabilities';
import type { Config } from '@coracle/oci-spec';
import { flags, PR, prctl, type Step } from '@coracle/syscalls';
import { namespaceTypes } from '../plan/plan-init.ts';

const SYS_PTRACE = toMask(['CAP_SYS_PTRACE']);

/**
 * Whether a container's init, while it only waits, is to let itself be entered. That takes the right to trace it, which over a process
 * that is not dumpable nobody has but by CAP_SYS_PTRACE where its program was loaded: in the user namespace of the caller. Without it a
 * hook could not run in the container, nor a program be started there before its own.
 *
 * It does so in a user namespace of its own alone. There the right is the owner's, who has all others there too; a process of another
 * container has none in it, and one that the owner has brought in only with CAP_SYS_PTRACE or all capabilities of the init.
 * @param available the capabilities of the caller
 * @see ptrace(2), "Ptrace access mode checking"; user_namespaces(7)
 * @example
 * opensToOwner(config, thisHost().capabilities(false).available);
 */
export function opensToOwner(config: Config, available: bigint): boolean {
  return (available & SYS_PTRACE) === 0n && namespaceTypes(config).includes('user');
}

/** Lets the owner of the user namespace enter it by this process. */
export function openToOwner(): Step {
  return prctl(flags(PR, 'PR_SET_DUMPABLE'), [1], 'let its owner enter it while it waits');
}

/** The end of that, before there is anything to be had of the process. */
export function closeToOwner(): Step {
  return prctl(flags(PR, 'PR_SET_DUMPABLE'), [0], 'let nobody trace the agent or read its memory');
}
