import { dirname } from 'node:path';
import { type CommandCopy, copyCommand, findLeftovers, needs, PLAIN_USER } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';

/** What a container around this one can be started with. */
type Outer = readonly string[];

const NO_FILTER = ['--security-opt', 'seccomp=unconfined'];
const ALL_VISIBLE = ['--security-opt', 'systempaths=unconfined'];
const TO_ADMINISTER = ['--cap-add', 'SYS_ADMIN'];
const TO_ADMINISTER_NETWORKS = ['--cap-add', 'NET_ADMIN'];

let command: CommandCopy;
let before: ReturnType<typeof findLeftovers>;

beforeAll(() => {
  before = findLeftovers();
  command = copyCommand();
});

afterAll(() => {
  command[Symbol.dispose]();
  expect(findLeftovers()).toEqual(before);
});

const it = needs.test(needs.root, needs.program('setpriv'));

/** Runs Coracle in a container that Coracle made; Docker's and podman's have the same capabilities, filter and masks. */
function nested(
  outer: Outer,
  inner: readonly string[],
  { uid }: { uid?: number } = {},
): { status: number | null; said: string } {
  const here = dirname(command.path);
  const node = dirname(dirname(process.execPath));
  const become = uid === undefined ? [] : ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
  const shown = ['--volume', `${here}:${here}:ro`, '--volume', `${node}:${node}:ro`];
  const program = ['env', 'XDG_RUNTIME_DIR=/tmp', process.execPath, command.path, ...inner];
  const { status, stdout, stderr } = command.run(['run', '--quiet', ...shown, ...outer, ...become, ...program]);
  return { status, said: stdout + stderr };
}

const HELLO = ['run', '--quiet', 'echo', 'from the inner one'];

/** Who needs a user namespace for a container. */
const WITHOUT_RIGHTS = [
  { who: 'root in a user namespace', inner: ['run', '--userns', 'auto', ...HELLO.slice(1)], as: {} },
  { who: 'an ordinary user', inner: HELLO, as: { uid: PLAIN_USER } },
];

describe('inside a container as it is by default', () => {
  it('no container can be made, and the error names the filter', () => {
    const { status, said } = nested([], HELLO);
    expect({ status, said }).toEqual({
      status: 125,
      said: expect.stringMatching(/clone3[\s\S]*hint: a filter of system calls hides it/),
    });
  });

  it('doctor names what hides the calls, and how to start the container around it', () => {
    const { status, said } = nested([], ['doctor']);
    expect(status).toBe(1);
    expect(said).toMatch(/MISSING +system calls[\s\S]*--security-opt seccomp=unconfined/);
  });
});

describe('inside a container without a filter', () => {
  it('root without the capability to administer is told of it, and of user namespaces', () => {
    const { status, said } = nested(NO_FILTER, HELLO);
    expect(status).toBe(125);
    expect(said).toMatch(/hint: .*--userns auto, or start .*--cap-add SYS_ADMIN --cap-add NET_ADMIN$/m);
  });

  it('root that can administer all but networks is told of the capability that it lacks', () => {
    const { status, said } = nested([...NO_FILTER, ...TO_ADMINISTER], HELLO);
    expect(status).toBe(125);
    expect(said).toMatch(/hint: .*NET_ADMIN.*--network host/);
  });

  it('root that follows the hint has its container', () => {
    const outer = [...NO_FILTER, ...TO_ADMINISTER, ...TO_ADMINISTER_NETWORKS];
    expect(nested(outer, HELLO)).toEqual({ status: 0, said: 'from the inner one\n' });
  });

  for (const { who, inner, as } of WITHOUT_RIGHTS) {
    it(`${who} is told of the masks of the container around it`, () => {
      const { status, said } = nested(NO_FILTER, inner, as);
      expect(status).toBe(125);
      expect(said).toMatch(/hint: .*masked.*--security-opt systempaths=unconfined/);
    });

    it(`${who} that follows the hint has its container`, () => {
      const outer = [...NO_FILTER, ...ALL_VISIBLE];
      expect(nested(outer, inner, as)).toEqual({ status: 0, said: 'from the inner one\n' });
    });
  }
});

describe('inside a privileged container', () => {
  it('everything is as outside', () => {
    expect(nested(['--privileged'], HELLO)).toEqual({ status: 0, said: 'from the inner one\n' });
    expect(nested(['--privileged'], HELLO, { uid: PLAIN_USER })).toEqual({ status: 0, said: 'from the inner one\n' });
  });

  it('limits are too', () => {
    const look = 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2> /dev/null; true';
    const { status, said } = nested(['--privileged'], ['run', '--quiet', '-m', '64m', 'sh', '-c', look]);
    expect({ status, said }).toEqual({ status: 0, said: `${64 << 20}\n` });
  });

  it('a limit that cannot be had is refused with the reason', () => {
    const outer = [...NO_FILTER, ...TO_ADMINISTER, ...TO_ADMINISTER_NETWORKS];
    const { status, said } = nested(outer, ['run', '--quiet', '-m', '64m', 'true']);
    expect(status).toBe(125);
    expect(said).toMatch(/memory[\s\S]*hint: .*mount -o remount,bind,rw \/sys\/fs\/cgroup/);
  });
});
