import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type CommandCopy,
  copyCommand,
  findLeftovers,
  NODE,
  needs,
  PLAIN_USER,
  Podman,
  type Said,
  whyNoPodman,
} from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { AROUND, type Chosen, DONE, follow as followHints, hello, INSIDE } from './outer-container.ts';

const PROGRAMS = ['podman', 'runc', 'unshare', 'setpriv'].map((name) => needs.program(name));
const canTry = needs.root.met && PROGRAMS.every(({ met }) => met);
const MINUTE = 60_000;

/** Started once to see whether it can: a machine may forbid what podman needs. */
function works(how: string, rootless: boolean): ReturnType<typeof needs.program> {
  const why = canTry ? whyNoPodman({ rootless }) : 'not tried';
  return { what: `a podman that starts ${how} containers here (${why})`, met: why === undefined };
}

let command: CommandCopy;
let before: ReturnType<typeof findLeftovers>;
const podmans = new Map<boolean, Podman>();

beforeAll(() => {
  before = findLeftovers();
  command = copyCommand();
});

afterAll(() => {
  for (const podman of podmans.values()) podman[Symbol.dispose]();
  command[Symbol.dispose]();
  expect(findLeftovers()).toEqual(before);
});

/** Who runs Coracle, and in what. */
interface Scene {
  /** The container around Coracle's is podman's as an ordinary user has it. */
  rootless?: boolean;
  /** Coracle is run by an ordinary user in it. */
  asUser?: boolean;
}

function nested({ rootless = false, asUser = false }: Scene, { outer, inner }: Chosen, script?: string): Said {
  const podman =
    podmans.get(rootless) ??
    new Podman({ rootless, shown: [dirname(command.path), ...(NODE === '/usr' ? [] : [NODE])] });
  podmans.set(rootless, podman);
  const become = asUser ? ['setpriv', '--reuid', `${PLAIN_USER}`, '--regid', `${PLAIN_USER}`, '--clear-groups'] : [];
  const coracle = ['env', 'XDG_RUNTIME_DIR=/tmp', process.execPath, command.path, ...inner];
  return podman.run(outer, script === undefined ? [...become, ...coracle] : ['sh', '-c', script, 'sh', ...coracle]);
}

const follow = (scene: Scene, how: { outer: readonly string[]; preferred: RegExp }): string[] =>
  followHints((chosen) => nested(scene, chosen), { ...how, engine: 'podman' });

const ADMINISTER = '--cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add MKNOD';
const UNMASK = '--security-opt unmask=ALL';
const UNFILTERED = '--security-opt seccomp=unconfined';

needs.describe(
  needs.root,
  ...PROGRAMS,
  works('rootful', false),
)('in a container of podman', () => {
  const it = needs.test();

  it(
    'root that follows the hints about the container around has one of its own',
    () => {
      expect(follow({}, { outer: [], preferred: AROUND })).toEqual([ADMINISTER]);
    },
    MINUTE,
  );

  it(
    'root that follows the hints about its own container has it',
    () => {
      expect(follow({}, { outer: [], preferred: INSIDE })).toEqual(['--userns auto', UNMASK, UNFILTERED]);
    },
    MINUTE,
  );

  it(
    'root that lacks one capability is told which',
    () => {
      const outer = ['--cap-add', 'SYS_ADMIN', '--cap-add', 'NET_ADMIN'];
      expect(follow({}, { outer, preferred: AROUND })).toEqual(['--cap-add MKNOD']);
      expect(follow({}, { outer: [...outer, ...UNMASK.split(' ')], preferred: INSIDE })).toEqual(['--userns auto']);
    },
    MINUTE,
  );

  it(
    'an ordinary user who follows the hints has a container',
    () => {
      expect(follow({ asUser: true }, { outer: [], preferred: AROUND })).toEqual([UNMASK, UNFILTERED]);
    },
    MINUTE,
  );

  it('doctor tells of capabilities, filter and masks at once', () => {
    const { status, said } = nested({}, { outer: [], inner: ['doctor'] });
    expect(status).toBe(1);
    for (const told of [ADMINISTER, UNFILTERED, UNMASK]) expect(said).toContain(told);
  });

  it('doctor finds nothing missing where all is allowed', () => {
    expect(nested({}, { outer: ['--privileged'], inner: ['doctor'] }).status).toBe(0);
  });

  it('that is privileged all is as outside', () => {
    for (const asUser of [false, true])
      expect(nested({ asUser }, { outer: ['--privileged'], inner: hello() })).toEqual(DONE);
  });

  needs.test({ what: 'the v1 controller memory', met: existsSync('/sys/fs/cgroup/memory') })(
    'a limit that cannot be had is refused, and the command in the hint lets it be had',
    () => {
      const outer = ADMINISTER.split(' ');
      const inner = hello('-m', '64m');
      const { status, said } = nested({}, { outer, inner });
      const [remount] = /mount -o remount,bind,rw [^ ,;]+/.exec(said) ?? [];
      expect({ status, remount }).toEqual({ status: 125, remount: expect.any(String) });
      expect(nested({}, { outer, inner }, `${remount} && "$@"`)).toEqual(DONE);
    },
  );
});

needs.describe(
  needs.root,
  ...PROGRAMS,
  works('rootless', true),
)('in a container of rootless podman', () => {
  const it = needs.test();
  const scene = { rootless: true };

  it(
    'root that follows the hints has a container of its own',
    () => {
      expect(follow(scene, { outer: [], preferred: INSIDE })).toEqual(['--userns keep-id', UNMASK, UNFILTERED]);
    },
    MINUTE,
  );

  it(
    'root with every capability still keeps its ids, for it can make no device nodes',
    () => {
      expect(follow(scene, { outer: ['--privileged'], preferred: INSIDE })).toEqual(['--userns keep-id']);
    },
    MINUTE,
  );

  it('root has no ids to spare for a container, and is told so', () => {
    expect(nested(scene, { outer: ['--privileged'], inner: hello('--userns', 'auto') })).toEqual({
      status: 125,
      said: expect.stringMatching(/has no id \d+ to give away\n {2}hint: run with --userns keep-id\n/),
    });
  });

  it(
    'with kept ids, an ordinary user who follows the hints has a container',
    () => {
      expect(follow(scene, { outer: ['--userns', 'keep-id'], preferred: AROUND })).toEqual([UNMASK, UNFILTERED]);
      expect(nested(scene, { outer: ['--userns', 'keep-id', '--privileged'], inner: hello() })).toEqual(DONE);
    },
    MINUTE,
  );

  it('doctor says what root of a user namespace depends on', () => {
    const { status, said } = nested(scene, { outer: [], inner: ['doctor'] });
    expect(status).toBe(1);
    expect(said).toMatch(/warning +root .*can make no device nodes\n +fix: run with --userns keep-id/);
    expect(said).toMatch(/MISSING +user namespaces/);
    expect(said).toMatch(/MISSING +proc/);
    expect(nested(scene, { outer: ['--privileged'], inner: ['doctor'] }).status).toBe(0);
  });
});
