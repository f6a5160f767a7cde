import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Namespaces of a process that does nothing, to be joined by path. */
export interface Joinable extends Disposable {
  pid: number;
  /** Of the namespace of a kind, such as `net`. */
  path(kind: string): string;
}

/** Starts the process, in the new namespaces that these options of unshare(1) name; it ends when it is disposed of. */
export async function joinable(...options: string[]): Promise<Joinable> {
  const child = spawn('unshare', [...options, 'sh', '-c', 'echo ready; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  return {
    pid,
    path: (kind) => `/proc/${pid}/ns/${kind}`,
    [Symbol.dispose]: () => child.kill('SIGKILL'),
  };
}
