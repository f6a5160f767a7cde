import { dirname } from 'node:path';
import {
  type CommandCopy,
  copyCommand,
  Docker,
  dockerWorks,
  findLeftovers,
  NODE,
  needs,
  PLAIN_USER,
  type Said,
} from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { AROUND, type Chosen, follow, hello, INSIDE } from './outer-container.ts';

const PROGRAMS = ['dockerd', 'docker', 'containerd', 'runc', 'unshare', 'ip', 'tar'].map((name) => needs.program(name));
const MINUTE = 60_000;

let command: CommandCopy;
let docker: Docker | undefined;
let before: ReturnType<typeof findLeftovers>;

/** Coracle in a container of Docker's. */
function nested({ outer, inner }: Chosen, { asUser = false }: { asUser?: boolean } = {}): Said {
  if (!docker) throw new Error('no dockerd runs');
  const become = asUser ? ['setpriv', '--reuid', `${PLAIN_USER}`, '--regid', `${PLAIN_USER}`, '--clear-groups'] : [];
  return docker.run(outer, [...become, 'env', 'XDG_RUNTIME_DIR=/tmp', process.execPath, command.path, ...inner]);
}

const UNFILTERED = '--security-opt seccomp=unconfined';
const ADMINISTER = '--cap-add SYS_ADMIN --cap-add NET_ADMIN';
const UNMASKED = '--security-opt systempaths=unconfined';

needs.describe(
  needs.root,
  ...PROGRAMS,
  dockerWorks(PROGRAMS),
)('in a container of Docker', () => {
  const it = needs.test();

  beforeAll(() => {
    before = findLeftovers();
    command = copyCommand();
    docker = new Docker({ shown: [dirname(command.path), ...(NODE === '/usr' ? [] : [NODE])] });
  }, MINUTE);

  afterAll(() => {
    docker?.[Symbol.dispose]();
    command[Symbol.dispose]();
    expect(findLeftovers()).toEqual(before);
  }, MINUTE);

  it(
    'root that follows the hints about the container around has one of its own',
    () => {
      const followed = follow(nested, { outer: [], preferred: AROUND, engine: 'docker' });
      expect(followed).toEqual([UNFILTERED, ADMINISTER]);
    },
    MINUTE,
  );

  it(
    'root that follows the hints about its own container has it',
    () => {
      const followed = follow(nested, { outer: [], preferred: INSIDE, engine: 'docker' });
      expect(followed).toEqual([UNFILTERED, '--userns auto', UNMASKED]);
    },
    MINUTE,
  );

  it(
    'root that may administer is told of what the filter still forbids',
    () => {
      const followed = follow(nested, { outer: ADMINISTER.split(' '), preferred: AROUND, engine: 'docker' });
      expect(followed).toEqual([UNFILTERED]);
    },
    MINUTE,
  );

  it(
    'an ordinary user who follows the hints has a container',
    () => {
      const asUser = (chosen: Chosen): Said => nested(chosen, { asUser: true });
      expect(follow(asUser, { outer: [], preferred: AROUND, engine: 'docker' })).toEqual([UNFILTERED, UNMASKED]);
    },
    MINUTE,
  );

  it('doctor tells of capabilities and filter at once', () => {
    const { status, said } = nested({ outer: [], inner: ['doctor'] });
    expect(status).toBe(1);
    for (const told of [ADMINISTER, UNFILTERED]) expect(said).toContain(told);
  });

  it('a limit that cannot be had is refused', () => {
    const outer = [...UNFILTERED.split(' '), ...ADMINISTER.split(' ')];
    expect(nested({ outer, inner: hello('-m', '64m') })).toEqual({
      status: 125,
      said: expect.stringContaining('is mounted read-only, as in most containers'),
    });
  });
});
