import { renderStep, type Step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { configure } from '../../src/config/config.ts';
import { landlockedBy } from '../../src/isolation.ts';
import { type LandlockFor, landlockFor } from '../../src/landlock/landlock-for.ts';
import { enterRuleset, makeRuleset, rightsKnownTo } from '../../src/landlock/plan-landlock.ts';
import type { ContainerOptions } from '../../src/options/options.ts';
import { planProcess } from '../../src/plan/plan-process.ts';
import { securityModules } from '../labels/modules.ts';

const HOST = { links: [], copied: [], shown: [{ path: '/usr', kind: 'directory' as const }] };
const WALL = { security: { landlock: 'files' } } as const;

function landlockOf(options: Partial<ContainerOptions>, version: number | (() => number)): LandlockFor {
  const given = { command: ['prog'], ...options };
  const { config, isHostRoot } = configure(given, {
    id: 'abc',
    inUserNamespace: false,
    available: 2n ** 41n - 1n,
    modules: securityModules(),
  });
  return landlockFor(given, {
    config,
    hostRoot: isHostRoot ? HOST : undefined,
    kindOf: () => 'directory',
    version: typeof version === 'number' ? () => version : version,
  });
}

function stepsOf(options: Partial<ContainerOptions>, version: number): string[] {
  const { landlock } = landlockOf(options, version);
  return landlock ? [...makeRuleset(landlock), enterRuleset(landlock)].map(renderStep) : [];
}

describe('how Landlock is used', () => {
  test('not at all when nobody asks for it, and the kernel is not asked for its version', () => {
    const never = (): number => {
      throw new Error('asked');
    };
    expect(landlockOf({}, never)).toEqual({ landlock: undefined, missing: [] });
    expect(landlockOf({ security: { landlock: 'default' } }, never).landlock).toBeUndefined();
    expect(landlockOf({ network: 'host', privileged: true }, never).landlock).toBeUndefined();
  });

  test.each<[Partial<ContainerOptions>, number, string[]]>([
    [WALL, 7, ['files']],
    [WALL, 2, ['files']],
    [{ network: 'host' }, 6, ['scopes']],
    [{ network: 'host' }, 5, []],
    [{ ...WALL, network: 'host' }, 6, ['files', 'scopes']],
    [{ ...WALL, network: 'host' }, 5, ['files']],
    [{ ...WALL, root: '/usr', readOnly: true }, 5, ['files']],
  ])('with %j and version %d: %j', (options, version, used) => {
    const { landlock, missing } = landlockOf(options, version);
    expect(landlockedBy(landlock)).toEqual(used);
    expect(missing).toEqual([]);
  });

  test.each<[Partial<ContainerOptions>, number, RegExp]>([
    [WALL, 0, /no Landlock/],
    [WALL, 1, /move files/],
    [{ ...WALL, privileged: true }, 7, /forbids every mount/],
    [{ ...WALL, capAdd: ['SYS_ADMIN'] }, 7, /forbids every mount/],
  ])('with %j and version %d it is missing, and the reason is told', (options, version, reason) => {
    const { landlock, missing } = landlockOf(options, version);
    expect(landlock).toBeUndefined();
    expect(missing).toEqual([
      { what: 'landlock', reason: expect.stringMatching(reason), fix: expect.stringMatching(/\w/) },
    ]);
  });

  test('a root that may be written is refused, with a word on what to do', () => {
    for (const root of ['/usr', { path: '/usr', overlay: true }])
      expect(() => landlockOf({ ...WALL, root }, 7)).toThrow(
        expect.objectContaining({ option: 'security.landlock', hint: expect.stringContaining('--read-only') }),
      );
  });
});

describe('the steps of Landlock', () => {
  test.each([
    [2, 0x3fff],
    [3, 0x7fff],
    [4, 0x7fff],
    [5, 0xffff],
    [7, 0xffff],
  ])('version %d is asked for the rights it knows, and no rule names others (EINVAL)', (version, known) => {
    expect(rightsKnownTo(version)).toBe(known);
    const { landlock } = landlockOf(WALL, version);
    const structs = (landlock ? makeRuleset(landlock) : []).flatMap(({ syscall, args }) =>
      args.flatMap((arg) =>
        typeof arg === 'object' &&
        arg !== null &&
        'kind' in arg &&
        arg.kind === 'struct' &&
        syscall.startsWith('landlock')
          ? [new DataView(arg.bytes.buffer).getUint32(0, true)]
          : [],
      ),
    );
    expect(structs[0]).toBe(known);
    expect(structs.slice(1).filter((rights) => rights === 0 || (rights & ~known) !== 0)).toEqual([]);
  });

  test('one ruleset is for both files and scopes', () => {
    const calls = stepsOf({ ...WALL, network: 'host' }, 7);
    const of = (name: string): string[] => calls.filter((call) => call.startsWith(name));
    expect(of('landlock_create_ruleset')).toEqual([
      expect.stringMatching(
        /handled_access_fs: LANDLOCK_ACCESS_FS_\{EXECUTE,.*IOCTL_DEV\}, scoped: LANDLOCK_SCOPE_ABSTRACT/,
      ),
    ]);
    expect(of('landlock_restrict_self')).toHaveLength(1);
  });

  test('scopes alone need no place', () => {
    expect(stepsOf({ network: 'host' }, 7)).toEqual([
      expect.stringContaining('landlock_create_ruleset({handled_access_fs: 0, scoped: '),
      expect.stringContaining('landlock_restrict_self'),
    ]);
  });

  test('no link is followed to a place', () => {
    const opened = stepsOf(WALL, 7).filter((call) => call.startsWith('openat2'));
    expect(opened.length).toBeGreaterThan(8);
    expect(opened.filter((call) => !call.includes('RESOLVE_NO_SYMLINKS'))).toEqual([]);
  });

  test('places are opened while all rights are there and no limit is, and hold right before the filter and the program', () => {
    const given = { command: ['prog'], user: '33:33', rlimits: { nofile: 8 }, ...WALL };
    const { config } = configure(given, {
      id: 'abc',
      inUserNamespace: false,
      available: 2n ** 41n - 1n,
      modules: securityModules(),
    });
    const steps: Step[] = planProcess({
      process: config.process ?? { args: [], cwd: '/', user: { uid: 0, gid: 0 } },
      seccomp: config.linux?.seccomp,
      bounding: 2n ** 41n - 1n,
      landlock: landlockOf(given, 7).landlock,
      makeWorkingDirectory: true,
      canSetGroups: true,
      init: false,
    });
    const names = steps.map(({ syscall }) => syscall);
    expect(names.lastIndexOf('landlock_add_rule')).toBeLessThan(names.indexOf('prlimit64'));
    expect(names.lastIndexOf('landlock_add_rule')).toBeLessThan(names.indexOf('setresuid'));
    const last = names.indexOf('landlock_restrict_self');
    expect(names.slice(last, last + 3)).toEqual(['landlock_restrict_self', 'seccomp', 'execve']);
  });
});
