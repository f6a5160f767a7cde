import { renderStep, type Step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import type { ContainerOptions } from '../../src/options/options.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { candidates } from '../../src/plan/plan-process.ts';
import { planFor as planOf } from '../plan-for.ts';

const single = {
  uids: [{ containerId: 0, hostId: 1000, size: 1 }],
  gids: [{ containerId: 0, hostId: 1000, size: 1 }],
  how: 'single' as const,
};

function planFor(options: Partial<ContainerOptions> = {}, { rootless = false } = {}): Plan {
  return planOf(options, {
    idMaps: rootless ? single : undefined,
    kindOf: (path) => (path === '/proc/acpi' ? 'directory' : 'file'),
  });
}

const calls = (steps: readonly Step[]): string[] => steps.map(({ syscall }) => syscall);

describe('the program of a container', () => {
  test('mounts come before pivot_root, masks after it, and descriptors are closed last', () => {
    const { setup } = planFor();
    const names = calls(setup);
    expect(names.lastIndexOf('pivot_root')).toBe(names.indexOf('pivot_root'));
    const masks = setup.findIndex(({ why }) => why === 'hide /proc/kcore');
    const proc = setup.findIndex(({ why }) => why === "make the container's processes visible to ps");
    expect(proc).toBeLessThan(names.indexOf('pivot_root'));
    expect(names.indexOf('pivot_root')).toBeLessThan(masks);
    expect(names.at(-1)).toBe('close_range');
  });

  test('what paths are hidden behind is attached, and taken off again, only where it has to be', () => {
    const kindOf = (): 'file' => 'file';
    const takenOff = (canDetach: boolean): number =>
      calls(planOf({}, { idMaps: undefined, kindOf, canDetach }).setup).filter((name) => name === 'umount2').length;
    expect([takenOff(false), takenOff(true)]).toEqual([2, 1]); // the old root is always
  });

  test('in a user namespace the null device that hides files is held before the root is changed, and seen to be one', () => {
    const setup = planFor({}, { rootless: true }).setup.map(renderStep);
    const at = (text: string): number => setup.findIndex((call) => call.startsWith(text));
    const held = at('open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) -> <null>');
    expect(setup[held - 1]).toBe('mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)');
    expect(setup.slice(held + 1, held + 5).map((call) => call.split('(')[0])).toEqual([
      'statx',
      ...Array(3).fill('futex'),
    ]);
    expect(held).toBeLessThan(at('pivot_root('));
    expect(setup.filter((call) => call.startsWith('open_tree(<nothing>, "null"')).length).toBeGreaterThan(0);
    expect(
      planFor()
        .setup.map(renderStep)
        .filter((call) => /<null>|futex/.test(call)),
    ).toEqual([]);
  });

  test('the first thing is that nobody can trace the agent, and that its mounts stay its own', () => {
    const { setup } = planFor();
    expect(renderStep(setup[0] as Step)).toBe('prctl(PR_SET_DUMPABLE, 0)');
    const firstMount = setup.find(({ syscall }) => /mount|open_tree|fsopen/.test(syscall));
    expect(renderStep(firstMount as Step)).toBe('mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)');
  });

  test('giving up rights comes right before the program', () => {
    const names = planFor({ user: '33:33' }).start.map(renderStep);
    const at = (text: string): number => names.findIndex((name) => name.startsWith(text));
    expect(at('setgroups(')).toBeLessThan(at('setresgid(33'));
    expect(at('setresgid(33')).toBeLessThan(at('setresuid(33'));
    expect(at('setresuid(33')).toBeLessThan(at('prctl(PR_SET_PDEATHSIG'));
    expect(at('prctl(PR_SET_NO_NEW_PRIVS, 1')).toBeLessThan(at('execve('));
  });

  test('with a map of a single id supplementary groups are left alone', () => {
    expect(calls(planFor({}, { rootless: true }).start)).not.toContain('setgroups');
    expect(calls(planFor().start)).toContain('setgroups');
  });

  test('in a user namespace device nodes are bound, not made', () => {
    const rootless = planFor({}, { rootless: true }).setup.map(renderStep);
    expect(
      rootless.some((call) => call.startsWith('mknodat') && call.includes('"null"') && call.includes('020666')),
    ).toBe(false);
    expect(rootless.some((call) => call.startsWith('open_tree(AT_FDCWD, "/dev/null"'))).toBe(true);
  });

  test('the monitor takes the lock before the container has its final place, and undoes everything at the end', () => {
    const { monitor } = planFor({ name: 'box' });
    const steps = monitor.steps.map(renderStep);
    const at = (text: string): number => steps.findIndex((step) => step.includes(text));
    expect(at('flock(')).toBeLessThan(at('renameat2('));
    expect(at('renameat2(')).toBeLessThan(at('clone3('));
    const undone = (monitor.finally ?? []).map(renderStep);
    for (const path of ['/run/coracle/abc/lock', '/run/coracle/abc/state.json', '/run/coracle/names/box']) {
      expect(undone.some((step) => step.startsWith('unlinkat(') && step.includes(`"${path}"`))).toBe(true);
    }
    expect(undone[0]).toBe('kill(<init>, 9)');
  });

  test('a name is only given back by the container that took it', () => {
    const { monitor } = planFor({ name: 'box' });
    const back = (monitor.finally ?? []).find(({ why }) => why.startsWith('give the name'));
    expect(back?.args.at(-1)).toEqual({ kind: 'result', of: 'name' });
  });

  test('with an init everything after its birth is its child’s', () => {
    const { start } = planFor({ init: true });
    const born = start.findIndex(({ syscall }) => syscall === 'clone3');
    const rest = start.slice(born + 1).filter(({ only }) => only !== 'child');
    expect(rest.map((one) => renderStep(one))).toEqual([
      'close_range(0, 3, 0)',
      'prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)',
      expect.stringMatching(/^capset\(.*\{effective: 0x20, permitted: 0x20, inheritable: 0x0\}\)$/),
      expect.stringMatching(/^prctl\(PR_CAP_AMBIENT/),
      expect.stringMatching(/^reap_children/),
    ]);
  });

  test('every step says in words what it is for', () => {
    const plan = planFor({ name: 'box', init: true, readOnly: true, terminal: { rows: 24, columns: 80 } });
    for (const { why } of [...plan.setup, ...plan.start, ...plan.monitor.steps, ...(plan.monitor.finally ?? [])]) {
      expect(why).toMatch(/^[a-z].{5,}[^.]$/);
    }
  });
});

describe('candidates', () => {
  test('a program with a slash is itself', () => {
    expect(candidates('./x', ['PATH=/bin'])).toEqual(['./x']);
  });

  test('a name is looked for in every directory of the PATH inside', () => {
    expect(candidates('x', ['A=1', 'PATH=/a:/b'])).toEqual(['/a/x', '/b/x']);
  });

  test('an empty directory in PATH is the working directory', () => {
    expect(candidates('x', ['PATH=:/b'])).toEqual(['./x', '/b/x']);
  });

  test('without a PATH there is the usual one', () => {
    expect(candidates('x', [])).toEqual(['/usr/bin/x', '/bin/x']);
  });
});
