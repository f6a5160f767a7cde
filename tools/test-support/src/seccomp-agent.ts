import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * An agent of its own, in another language: for each connection it tells what it was sent, and answers each call that is asked
 * about with EROFS, but lets programs start. When `polite` it waits for the end of the connection before; when `deaf` it takes none.
 */
const AGENT = `
import array, fcntl, json, os, platform, socket, struct, sys, threading
path, manner = sys.argv[1:3]
listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if manner == 'dgram' else socket.SOCK_STREAM)
listening.bind(path)
os.chmod(path, 0o777)
if manner != 'dgram': listening.listen(0 if manner == 'deaf' else 5)
print('{}', flush=True)
if manner in ('deaf', 'dgram'): sys.stdin.read()
RECV, SEND, CONTINUE = 0xc0502100, 0xc0182101, 1
EXECVE = {'x86_64': 59, 'aarch64': 221}[platform.machine()]
def serve(connection):
    data, fds, _, _ = socket.recv_fds(connection, 65536, 4)
    rest = connection.recv(1) if manner == 'polite' else b''
    kind = [os.readlink('/proc/self/fd/%d' % fd) for fd in fds]
    print(json.dumps({'state': json.loads(data), 'fds': kind, 'rest': len(rest)}), flush=True)
    while True:
        request = array.array('B', bytes(80))
        try: fcntl.ioctl(fds[0], RECV, request)
        except OSError: return
        call, _, _, number = struct.unpack_from('<QIIi', request)
        answer = (0, CONTINUE) if number == EXECVE else (-30, 0)
        fcntl.ioctl(fds[0], SEND, array.array('B', struct.pack('<QqiI', call, 0, *answer)))
while True:
    threading.Thread(target=serve, args=[listening.accept()[0]], daemon=True).start()
`;

/** What the agent was sent. */
export interface SentToAgent {
  state: Record<string, unknown>;
  fds: string[];
  rest: number;
}

/** How it deals with connections. */
export type AgentManner = 'polite' | 'lax' | 'deaf' | 'dgram';

/** One that runs. */
export interface SeccompAgent extends AsyncDisposable {
  /** Of its socket. */
  path: string;
  /** What came over the next connection. */
  sent(): Promise<SentToAgent>;
}

/** Starts one; needs the program python3. */
export async function startSeccompAgent(manner: AgentManner = 'polite'): Promise<SeccompAgent> {
  const directory = mkdtempSync(join(tmpdir(), 'agent-'));
  chmodSync(directory, 0o755);
  const path = join(directory, 'socket');
  const child: ChildProcess = spawn('python3', ['-c', AGENT, path, manner], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout ?? process.stdin })[Symbol.asyncIterator]();
  await lines.next();
  return {
    path,
    sent: async () => JSON.parse((await lines.next()).value),
    [Symbol.asyncDispose]: async () => {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill();
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}
