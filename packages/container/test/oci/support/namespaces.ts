import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Namespaces of a process that does nothing, to be joined by path. */
export interface Namespaces extends Disposable {
  /** By kind, in the words of the specification. */
  paths: Readonly<Record<string, string>>;
  pid: number;
}

const FILES = { network: 'net', ipc: 'ipc', uts: 'uts', user: 'user' } as const;

/** Starts the process; it ends when it is disposed of. */
export async function makeNamespaces({ user = false }: { user?: boolean } = {}): Promise<Namespaces> {
  const wanted = ['--net', '--ipc', '--uts', ...(user ? ['--user', '--map-root-user'] : [])];
  const child = spawn('unshare', [...wanted, 'sh', '-c', 'echo ready; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  const kinds = Object.entries(FILES).filter(([kind]) => user || kind !== 'user');
  return {
    pid,
    paths: Object.fromEntries(kinds.map(([kind, file]) => [kind, `/proc/${pid}/ns/${file}`])),
    [Symbol.dispose]: () => child.kill('SIGKILL'),
  };
}
