/**
 * Containers that outlive the command that makes them, as engines want them of a runtime: they are created, started, signalled and
 * deleted by commands of their own, and what is known of them lies in a directory. Nothing of this is loaded by `run`.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md
 * @module
 */

export type { ProcessIdentity } from '../process-identity.ts';
export { parseAsGoReads } from './as-go-reads.ts';
export { ConsoleListener } from './console-listener.ts';
export { type CreateOptions, create } from './create.ts';
export { type ExecOptions, exec } from './exec.ts';
export { HookError } from './hook-error.ts';
export { kill } from './kill.ts';
export { list } from './list.ts';
export { pause, resume } from './pause.ts';
export { type Container, type ContainerRecord, stateOf } from './record.ts';
export { type RemoveOptions, remove } from './remove.ts';
export { type StartOptions, start } from './start.ts';
export { find } from './status.ts';
export { type Held, Store, writeWhole } from './store.ts';
export type { Subgroup } from './subgroups.ts';
export type { ContainerUnit, SystemdManager } from './systemd/unit.ts';
export { update } from './update.ts';
