import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * In another language: takes one connection, tells what it was sent, and answers each call that is asked about with EROFS. When
 * `polite` it waits for the end of the connection before; when `deaf` it takes none. When `busy` it takes one after the other, politely.
 */
const AGENT = `
import array, fcntl, json, os, socket, struct, sys, threading
path, manner = sys.argv[1:3]
listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if manner == 'dgram' else socket.SOCK_STREAM)
listening.bind(path)
os.chmod(path, 0o777)
if manner != 'dgram': listening.listen(0 if manner == 'deaf' else 5)
print('{}', flush=True)
if manner in ('deaf', 'dgram'): sys.stdin.read()
RECV, SEND = 0xc0502100, 0xc0182101
def answer(fd):
    while True:
        request = array.array('B', bytes(80))
        try: fcntl.ioctl(fd, RECV, request)
        except OSError: return
        call, = struct.unpack_from('<Q', request)
        fcntl.ioctl(fd, SEND, array.array('B', struct.pack('<QqiI', call, 0, -30, 0)))
while True:
    connection, _ = listening.accept()
    data, fds, _, _ = socket.recv_fds(connection, 65536, 4)
    rest = connection.recv(1) if manner != 'lax' else b''
    kind = [os.readlink('/proc/self/fd/%d' % fd) for fd in fds]
    print(json.dumps({'state': json.loads(data), 'fds': kind, 'rest': len(rest)}), flush=True)
    if manner != 'busy':
        answer(fds[0])
        sys.exit()
    threading.Thread(target=answer, args=(fds[0],), daemon=True).start()
`;

/** What the agent was sent over one connection. */
export interface SentToAgent {
  state: Record<string, unknown>;
  /** What the descriptors are. */
  fds: string[];
  /** How many bytes came behind, up to the end of the connection. */
  rest: number;
}

/** A program that answers system calls for containers, as `listenerPath` names it. Needs the program python3. */
export interface SeccompAgent extends AsyncDisposable {
  /** Of its socket. */
  path: string;
  /** What it was sent next. */
  sent(): Promise<SentToAgent>;
}

/** Starts one; it ends when it is disposed of. */
export async function startSeccompAgent(manner = 'polite'): Promise<SeccompAgent> {
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
