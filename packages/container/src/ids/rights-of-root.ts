import { type CapabilityMask, toMask } from '@coracle/capabilities';
import { isInOwnUserNamespace } from './own-user-namespace.ts';

/** What root needs to make a container without a user namespace, beyond what Docker and podman give to each of theirs. */
const NEEDED = ['SYS_ADMIN', 'NET_ADMIN', 'MKNOD'] as const;

/** A capability by the name under which `--cap-add` takes it. */
export type RightOfRoot = (typeof NEEDED)[number];

/** Those of the rights that a container needs which root does not have, as in another container. */
export function lackingRights(available: CapabilityMask): RightOfRoot[] {
  return NEEDED.filter((name) => (available & toMask([`CAP_${name}`])) === 0n);
}

/** How root gets them. */
export function askForRights(lacking: readonly RightOfRoot[]): string {
  return `start the container around this with ${lacking.map((name) => `--cap-add ${name}`).join(' ')}`;
}

/** How root does without them: where it has no ids to spare, its containers can have its own. */
export function doWithoutRights(): string {
  return `run with --userns ${isInOwnUserNamespace() ? 'keep-id' : 'auto'}`;
}
