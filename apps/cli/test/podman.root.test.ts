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

/** What the container around Coracle's and the one in it are started with. */
interface Chosen {
  outer: readonly string[];
  inner: readonly string[];
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

const hello = (...options: string[]): string[] => ['run', '--quiet', ...options, 'echo', 'from the inner one'];
const DONE = { status: 0, said: 'from the inner one\n' };

/**
 * Does literally what the hints say, one after the other, until there is a container; what comes behind "or" only where it is
 * `preferred`.
 * @returns the advice followed
 */
function follow(scene: Scene, { outer, preferred }: { outer: readonly string[]; preferred: RegExp }): string[] {
  const chosen = { outer: [...outer], inner: [] as string[] };
  const followed: string[] = [];
  for (let tries = 0; tries < 6; tries++) {
    const result = nested(scene, { outer: chosen.outer, inner: hello(...chosen.inner) });
    if (result.status === 0) {
      expect(result).toEqual(DONE);
      return followed;
    }
    const hint = /hint: (.*)/.exec(result.said)?.[1];
    if (hint === undefined) throw new Error(`no hint: ${result.said}`);
    const ways = hint.split(/, or /);
    const way = ways.find((text) => preferred.test(text)) ?? ways[0] ?? '';
    const advice = /\(podman: ([^)]*)\)/.exec(way)?.[1] ?? /--(cap-add|security-opt|userns).*/.exec(way)?.[0] ?? '';
    followed.push(advice);
    (advice.startsWith('--userns') ? chosen.inner : chosen.outer).push(...advice.split(' '));
  }
  throw new Error(`no container after ${followed.join(' ')}`);
}

const INSIDE = /--userns/;
const AROUND = /start the/;
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
