import type { Seccomp } from '@coracle/oci-spec';
import type { Step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { type Confinement, planInsideHook } from '../../src/detached/plan-inside-hook.ts';
import { baseConfig, type ConfigParts } from '../oci/support/base-config.ts';

const HOOK = { path: '/hook', args: ['hook', 'now'], env: ['A=b'] };
const DOORS = ['/sys/fs/cgroup/box/cgroup.procs'];

function confined(parts: ConfigParts = {}): Confinement {
  return planInsideHook(HOOK, {
    id: 'box',
    bundle: '/bundle',
    config: baseConfig('true', parts),
    rootfs: '/bundle/rootfs',
    created: '',
    owner: 0,
    stage: 'created',
    cgroups: ['/sys/fs/cgroup/box'],
    doors: DOORS,
    notifies: parts.linux?.seccomp !== undefined,
  });
}

const calls = (steps: readonly Step[]): string[] => steps.map(({ syscall }) => syscall);

describe('a hook whose program is a file of the container', () => {
  test('is in its group and becomes its user before it is executed, once and as itself', () => {
    const { joinFiles, start } = confined({ process: { user: { uid: 1234, gid: 1235 }, noNewPrivileges: true } });
    expect(joinFiles).toEqual(DOORS);
    expect(calls(start)).toEqual(expect.arrayContaining(['setresgid', 'setresuid', 'prctl']));
    expect(calls(start).filter((name) => name === 'execve')).toEqual(['execve']);
    expect(start.at(-1)?.args[0]).toBe('/hook');
  });

  test("has no terminal, for it is the program's", () => {
    expect(calls(confined({ process: { terminal: true } }).start)).not.toContain('ioctl');
  });

  test('has the settings of the program', () => {
    const process = { scheduler: { policy: 'SCHED_BATCH', nice: 5 } } as const;
    expect(calls(confined({ process }).start)).toContain('sched_setattr');
    expect(calls(confined().start)).not.toContain('sched_setattr');
  });

  test('is not given capabilities that the program was refused', () => {
    const sets = { bounding: ['CAP_KILL'], permitted: ['CAP_KILL'], effective: ['CAP_KILL'] };
    const impossible = { ...sets, ambient: ['CAP_KILL'] }; // not inheritable
    expect(confined({ process: { capabilities: impossible } })).toEqual(confined({ process: { capabilities: sets } }));
  });

  test('under a filter that asks about calls is refused them, as nobody is told of it', () => {
    const asks: Seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      listenerPath: '/run/answers',
      syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }],
    };
    const steps = confined({ linux: { ...baseConfig('true').linux, seccomp: asks } }).start;
    expect(calls(steps)).toContain('seccomp');
    expect(calls(steps)).not.toContain('sendmsg'); // of a listener
  });
});
