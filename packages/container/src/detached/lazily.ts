import type { CreateOptions } from './create.ts';
import type { ExecOptions } from './exec.ts';
import type { Store } from './store.ts';

/**
 * Makes a container that waits for its start, and that nobody of ours watches: who waits for its end is the nearest process above
 * that takes orphans in, as the helpers of engines do. What plans it is loaded by this call.
 *
 * When it fails, or is killed, nothing runs any more; what is left then is what `remove` with `force` removes.
 * @returns the pid of its first process
 * @throws SystemError EEXIST when the id is taken, and for each step that is refused; {@link ProgramError} when the program is not
 *   there; {@link HookError}; {@link ConfigError}
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#lifecycle
 * @example
 * const pid = await create(new Store('/run/coracle-oci'), { id: 'web', bundle: '/srv/web', config });
 */
export async function create(store: Store, options: CreateOptions): Promise<number> {
  return (await import('./create.ts')).create(store, options);
}

/**
 * Starts a further program in a container, with this process's input and output. It stays when this process ends.
 * @returns its pid: it is a child of who takes orphans in
 * @throws SystemError ENOENT when there is no such container, EINVAL when it does not run; {@link ProgramError} when the program
 *   cannot be started
 * @example
 * await exec(new Store('/run/coracle-oci'), 'web', { process: { user: { uid: 0, gid: 0 }, args: ['ps'], cwd: '/' } });
 */
export async function exec(store: Store, id: string, options: ExecOptions): Promise<number> {
  return (await import('./exec.ts')).exec(store, id, options);
}
