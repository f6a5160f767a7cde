import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  allCapabilities,
  availableCapabilities,
  type CapabilityRequest,
  type CapabilitySets,
  DEFAULT_CAPABILITIES,
  dropBounding,
  fromMask,
  keepCapabilities,
  lastCapability,
  parseCapabilities,
  planCapabilities,
  resolveCapabilities,
  setCapabilities,
  setSecurebits,
  toMask,
} from '@coracle/capabilities';
import { Agent, flags, PR, prctl, type Step, setgroups, setresgid, setresuid, step } from '@coracle/syscalls';
import { needs, PLAIN_USER } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { outputOf, SHOW_STATUS, setsAfterExec, setsOf } from './inside.ts';

const { available, bounding } = availableCapabilities();
const DEFAULT = toMask(DEFAULT_CAPABILITIES) & available;
const NOTHING: CapabilitySets = { bounding: 0n, permitted: 0n, effective: 0n, inheritable: 0n, ambient: 0n };

const setsFor = (request: Omit<CapabilityRequest, 'available'> = {}): CapabilitySets =>
  parseCapabilities(resolveCapabilities({ ...request, available })).sets;
const become = (uid: number): Step[] => [
  setgroups([], 'leave all groups'),
  setresgid(uid, 'become the group'),
  setresuid(uid, 'become the user'),
];

/** All that gives a process its capabilities and its user. */
function stepsFor(sets: CapabilitySets, uid: number): Step[] {
  const { before, after } = planCapabilities(sets, { uid, from: bounding });
  return [...before, ...become(uid), ...after];
}

const setUserIds = {
  what: `${tmpdir()} mounted without nosuid`,
  met: !spawnSync('findmnt', ['-no', 'OPTIONS', '-T', tmpdir()], { encoding: 'utf8' }).stdout?.includes('nosuid'),
};
const noNewPrivs = prctl(flags(PR, 'PR_SET_NO_NEW_PRIVS'), [1, 0, 0, 0], 'forbid programs to gain rights');

needs.describe(needs.root)('a program of root', () => {
  test('has the default capabilities and can never have others', async () => {
    expect(await setsAfterExec(stepsFor(setsFor(), 0))).toEqual({
      ...NOTHING,
      bounding: DEFAULT,
      permitted: DEFAULT,
      effective: DEFAULT,
    });
  });

  test('has nothing after ALL is dropped, and only what is added to that', async () => {
    expect(await setsAfterExec(stepsFor(setsFor({ drop: ['ALL'] }), 0))).toEqual(NOTHING);
    const kill = { ...NOTHING, bounding: 32n, permitted: 32n, effective: 32n };
    expect(await setsAfterExec(stepsFor(setsFor({ drop: ['ALL'], add: ['KILL'] }), 0))).toEqual(kill);
  });

  test('has all that there is after ALL is added', async () => {
    const { permitted, effective } = await setsAfterExec(stepsFor(setsFor({ add: ['ALL'] }), 0));
    expect([permitted, effective]).toEqual([available & allCapabilities(), available & allCapabilities()]);
  });

  test('gets the bounding set on execve, whatever was permitted; with no_new_privs no more than that', async () => {
    const steps = stepsFor({ ...setsFor(), permitted: 32n, effective: 0n }, 0);
    expect(await setsAfterExec(steps)).toMatchObject({ permitted: DEFAULT, effective: DEFAULT });
    expect(await setsAfterExec([...steps, noNewPrivs])).toMatchObject({ permitted: 32n, effective: 32n });
  });

  test('keeps inheritable and ambient capabilities of a configuration', async () => {
    const sets = setsFor({ ambient: ['KILL', 'CHOWN'] });
    expect(await setsAfterExec(stepsFor(sets, 0))).toMatchObject({ inheritable: 33n, ambient: 33n, bounding: DEFAULT });
  });

  test('has no capability for being root after SECBIT_NOROOT', async () => {
    const sets = setsFor();
    const { before, after } = planCapabilities(sets, { uid: 0, from: bounding });
    const steps = [...before, setSecurebits(['SECBIT_NOROOT', 'SECBIT_NOROOT_LOCKED']), ...after];
    expect(await setsAfterExec(steps)).toEqual({ ...NOTHING, bounding: DEFAULT });
  });
});

needs.describe(needs.root)('a program of another user', () => {
  test('has nothing by default, as with Docker; what it could get from files is bounded', async () => {
    expect(await setsAfterExec(stepsFor(setsFor(), PLAIN_USER))).toEqual({ ...NOTHING, bounding: DEFAULT });
  });

  test('has what is ambient', async () => {
    const sets = setsFor({ add: ['NET_ADMIN'], ambient: ['NET_BIND_SERVICE', 'NET_ADMIN'] });
    const ambient = toMask(['CAP_NET_BIND_SERVICE', 'CAP_NET_ADMIN']);
    expect(await setsAfterExec(stepsFor(sets, PLAIN_USER))).toEqual({
      bounding: DEFAULT | ambient,
      permitted: ambient,
      effective: ambient,
      inheritable: ambient,
      ambient,
    });
  });

  test('has what is ambient with no_new_privs too', async () => {
    const steps = [...stepsFor(setsFor({ ambient: ['KILL'] }), PLAIN_USER), noNewPrivs];
    expect(await setsAfterExec(steps)).toMatchObject({ permitted: 32n, effective: 32n, ambient: 32n });
  });
});

needs.describe(needs.root)('before the program is started', () => {
  test.each([0, PLAIN_USER])('user %i has the sets of the configuration', async (uid) => {
    using agent = Agent.spawn();
    const sets = setsFor({ ambient: ['KILL'] });
    (await agent.channel.run({ steps: stepsFor(sets, uid) })).throwIfFailed();
    expect(setsOf(agent.pid)).toEqual(sets);
  });

  test('ambient capabilities there were are gone, also those that stay inheritable', async () => {
    using agent = Agent.spawn();
    const first = setCapabilities(setsFor({ ambient: ['KILL'] }));
    const second = setCapabilities({ ...setsFor(), inheritable: 32n });
    (await agent.channel.run({ steps: first })).throwIfFailed();
    expect(setsOf(agent.pid).ambient).toBe(32n);
    (await agent.channel.run({ steps: second })).throwIfFailed();
    expect(setsOf(agent.pid)).toMatchObject({ permitted: DEFAULT, inheritable: 32n, ambient: 0n });
  });

  test('another user has nothing when nothing is permitted', async () => {
    using agent = Agent.spawn();
    const sets = { ...NOTHING, bounding: 32n };
    (await agent.channel.run({ steps: stepsFor(sets, PLAIN_USER) })).throwIfFailed();
    expect(setsOf(agent.pid)).toEqual(sets);
  });
});

needs.describe(needs.root)('the order of the steps', () => {
  const refusalOf = async (steps: readonly Step[]): Promise<unknown> => {
    using agent = Agent.spawn();
    const outcome = await agent.channel.run({ steps });
    const { failure } = outcome;
    return failure && [failure.step.syscall, failure.errno];
  };
  const sets = setsFor();

  test('has the bounding set before the user, who may not drop anything', async () => {
    expect(await refusalOf([...become(PLAIN_USER), ...dropBounding(0n, { from: 1n })])).toEqual(['prctl', -1]);
    expect(await refusalOf([keepCapabilities(), ...become(PLAIN_USER), ...dropBounding(0n, { from: 1n })])).toEqual([
      'prctl',
      -1,
    ]);
  });

  test('has keepcaps before the user, who otherwise has nothing to set', async () => {
    expect(await refusalOf([...become(PLAIN_USER), ...setCapabilities(sets)])).toEqual(['capset', -1]);
    expect(await refusalOf([keepCapabilities(), ...become(PLAIN_USER), ...setCapabilities(sets)])).toBeUndefined();
  });

  test('has capset after the user, whose effective and ambient sets are emptied', async () => {
    using agent = Agent.spawn();
    const ambient = setsFor({ ambient: ['KILL'] });
    const steps = [keepCapabilities(), ...setCapabilities(ambient), ...become(PLAIN_USER)];
    const outcome = await agent.channel.run({ steps: steps.filter(({ syscall }) => syscall !== 'setgroups') });
    outcome.throwIfFailed();
    expect(setsOf(agent.pid)).toMatchObject({ permitted: DEFAULT, effective: 0n, ambient: 0n });
  });

  test('has securebits before keepcaps, whose bit they clear', async () => {
    const change = [...become(PLAIN_USER), ...setCapabilities(sets)];
    expect(await refusalOf([setSecurebits([]), keepCapabilities(), ...change])).toBeUndefined();
    expect(await refusalOf([keepCapabilities(), setSecurebits([]), ...change])).toEqual(['capset', -1]);
    expect(await refusalOf([setSecurebits(['SECBIT_KEEP_CAPS']), ...change])).toBeUndefined();
  });

  test('has no ambient capability after SECBIT_NO_CAP_AMBIENT_RAISE', async () => {
    const bits = setSecurebits(['SECBIT_NO_CAP_AMBIENT_RAISE']);
    expect(await refusalOf([bits, ...setCapabilities(setsFor({ ambient: ['KILL'] }))])).toEqual(['prctl', -1]);
    expect(await refusalOf([bits, ...setCapabilities(sets)])).toBeUndefined();
  });
});

needs.describe(needs.root)('what the kernel lets a program do', () => {
  let directory = '';
  const fileHere = (name: string): string => join(directory, name);
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'coracle-capabilities-'));
    chmodSync(directory, 0o755);
    writeFileSync(fileHere('file'), '');
    cpSync('/bin/grep', fileHere('grep'), { dereference: true });
    chownSync(fileHere('grep'), 0, 0);
    chmodSync(fileHere('grep'), 0o4755);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('changes when a capability is dropped', async () => {
    const file = fileHere('file');
    const chown = (uid: number): string[] => ['/bin/chown', String(uid), file];
    expect(await outputOf(stepsFor(setsFor({ drop: ['CHOWN'] }), 0), chown(77))).toContain('Operation not permitted');
    expect(statSync(file).uid).toBe(0);
    expect(await outputOf(stepsFor(setsFor(), 0), chown(77))).toBe('');
    expect(statSync(file).uid).toBe(77);
  });

  needs.test(setUserIds)('is no more in a set-user-id program of root than the bounding set', async () => {
    const program = [fileHere('grep'), ...SHOW_STATUS.slice(1)];
    const steps = stepsFor(setsFor({ drop: ['MKNOD'] }), PLAIN_USER);
    const bounded = DEFAULT & ~toMask(['CAP_MKNOD']);
    expect(await setsAfterExec(steps, program)).toMatchObject({ permitted: bounded, effective: bounded });
    expect(await setsAfterExec([...steps, noNewPrivs], program)).toMatchObject({ permitted: 0n, effective: 0n });
  });

  needs.test(needs.program('capsh'))('is shown by capsh as it was planned', async () => {
    const printed = await outputOf(stepsFor(setsFor({ drop: ['NET_RAW'] }), 0), ['/sbin/capsh', '--print']);
    const expected = fromMask(DEFAULT & ~toMask(['CAP_NET_RAW'])).join(',');
    expect(printed).toContain(`Bounding set =${expected.toLowerCase()}\n`);
    expect(printed).toContain(`Current: ${expected.toLowerCase()}=ep\n`);
  });
});

needs.describe(needs.root)('a caller that lacks a capability', () => {
  test('is found out, cannot give it, and gives the rest', async () => {
    using agent = Agent.spawn();
    const few = available & ~toMask(['CAP_SYS_ADMIN', 'CAP_MKNOD']);
    const limited = { ...NOTHING, bounding: few, permitted: few, effective: few };
    (await agent.channel.run({ steps: stepsFor(limited, 0) })).throwIfFailed();
    const found = availableCapabilities({ pid: agent.pid });
    expect(found).toEqual({ available: few, bounding: few });
    expect(() => resolveCapabilities({ add: ['SYS_ADMIN'], available: found.available })).toThrow(/SYS_ADMIN cannot/);
    const { sets } = parseCapabilities(resolveCapabilities({ available: found.available }));
    const { before, after } = planCapabilities(sets, { uid: 0, from: found.bounding });
    (await agent.channel.run({ steps: [...before, ...after] })).throwIfFailed();
    expect(setsOf(agent.pid)).toEqual(sets);
    expect(fromMask(sets.bounding)).toEqual(fromMask(DEFAULT).filter((name) => name !== 'CAP_MKNOD'));
  });

  test('has only what is permitted available, but all of its bounding set to drop from', async () => {
    using agent = Agent.spawn();
    (await agent.channel.run({ steps: setCapabilities({ ...NOTHING, bounding, permitted: 32n }) })).throwIfFailed();
    expect(availableCapabilities({ pid: agent.pid })).toEqual({ available: 32n, bounding });
  });

  test('is refused by the kernel where it asks all the same', async () => {
    using agent = Agent.spawn();
    const steps = [...setCapabilities({ ...NOTHING, permitted: 32n }), ...setCapabilities(setsFor())];
    const outcome = await agent.channel.run({ steps });
    expect(() => outcome.throwIfFailed()).toThrow(/^EPERM: .*could not have exactly the capabilities/);
  });
});

describe('what is available', () => {
  test('here is what /proc/self/status shows', () => {
    const { stdout } = spawnSync('grep', ['-E', '^Cap(Bnd)', '/proc/self/status'], { encoding: 'utf8' });
    expect(stdout).toContain(bounding.toString(16).padStart(16, '0'));
    expect(available & ~bounding).toBe(0n);
  });

  test('in a new user namespace is all that the kernel has', () => {
    const all = allCapabilities(lastCapability());
    expect(availableCapabilities({ entersUserNamespace: true })).toEqual({ available: all, bounding: all });
  });

  test('to a process that is not there is not known', () => {
    expect(() => availableCapabilities({ pid: 2 ** 30 })).toThrow(/ENOENT/);
  });
});

needs.test(needs.root)('dropping what is not there any more is no failure', async () => {
  using agent = Agent.spawn();
  const twice = dropBounding(DEFAULT, { from: allCapabilities(lastCapability()) });
  const outcome = await agent.channel.run({ steps: [...twice, ...twice, step('getpid', [], 'go on')] });
  outcome.throwIfFailed();
  expect(setsOf(agent.pid).bounding).toBe(DEFAULT);
});
