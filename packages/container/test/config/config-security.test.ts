import { allCapabilities, DEFAULT_CAPABILITIES, toMask } from '@coracle/capabilities';
import { defaultConfig, type Seccomp } from '@coracle/oci-spec';
import { describe, expect, test } from '@jest/globals';
import { isDefaultProfile, type Security, securityFor } from '../../src/config/config-security.ts';
import type { ContainerOptions } from '../../src/options/options.ts';
import { filterFor } from '../../src/seccomp/filter-for.ts';

const base = defaultConfig({ args: ['true'] });

function security(options: Partial<ContainerOptions> = {}, available: bigint = allCapabilities()): Security {
  return securityFor({ command: ['true'], ...options }, base, { available });
}

const namesIn = (profile: Seccomp | undefined): Set<string> =>
  new Set(profile?.syscalls?.filter(({ args }) => !args).flatMap(({ names }) => names));

describe('what the programs of a container may do', () => {
  test("by default: Docker's capabilities and profile, no new privileges, the kernel's files hidden", () => {
    const { process, linux } = security();
    expect([...(process.capabilities?.effective ?? [])].sort()).toEqual([...DEFAULT_CAPABILITIES].sort());
    expect(process.capabilities?.ambient).toEqual([]);
    expect(process.noNewPrivileges).toBe(true);
    expect(linux.maskedPaths).toEqual(base.linux?.maskedPaths);
    expect(linux.seccomp && isDefaultProfile(linux.seccomp)).toBe(true);
    expect(namesIn(linux.seccomp)).not.toContain('mount');
  });

  test('a capability that is added opens the calls that need it', () => {
    const { linux, process } = security({ capAdd: ['sys_admin'] });
    expect(process.capabilities?.bounding).toContain('CAP_SYS_ADMIN');
    expect(namesIn(linux.seccomp)).toContain('mount');
  });

  test('what the caller has not is not in the defaults', () => {
    const { process } = security({}, toMask(['CAP_CHOWN', 'CAP_SYS_TIME']));
    expect(process.capabilities?.bounding).toEqual(['CAP_CHOWN']);
  });

  test('privileged: everything that the caller has, and no wall', () => {
    const { process, linux } = security({ privileged: true }, toMask(['CAP_CHOWN', 'CAP_SYS_TIME']));
    expect(process).toEqual({
      capabilities: expect.objectContaining({ bounding: ['CAP_CHOWN', 'CAP_SYS_TIME'] }),
      noNewPrivileges: false,
    });
    expect(linux).toEqual({ maskedPaths: [], readonlyPaths: [] });
  });

  test('privileged without some capabilities, or all', () => {
    const available = toMask(['CAP_CHOWN', 'CAP_KILL', 'CAP_SYS_TIME']);
    const bounding = (options: Partial<ContainerOptions>): unknown =>
      security({ privileged: true, ...options }, available).process.capabilities?.bounding;
    expect(bounding({ capDrop: ['SYS_TIME'] })).toEqual(['CAP_CHOWN', 'CAP_KILL']);
    expect(bounding({ capDrop: ['ALL'] })).toEqual([]);
    expect(bounding({ capDrop: ['ALL'], capAdd: ['KILL'] })).toEqual(['CAP_KILL']);
  });

  test('privileged with a wall or two', () => {
    const { process, linux } = security({
      privileged: true,
      capDrop: ['SYS_MODULE'],
      security: { seccomp: 'default', noNewPrivileges: true },
    });
    expect(process.capabilities?.bounding).not.toContain('CAP_SYS_MODULE');
    expect(process.noNewPrivileges).toBe(true);
    expect(namesIn(linux.seccomp)).not.toContain('init_module');
  });

  test('unconfined system paths leave the rest in force', () => {
    const { process, linux } = security({ security: { systemPaths: 'unconfined' } });
    expect(linux).toMatchObject({ maskedPaths: [], readonlyPaths: [], seccomp: expect.anything() });
    expect(process.noNewPrivileges).toBe(true);
  });

  test("a profile in Docker's form is resolved for the container's capabilities", () => {
    const seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO', excludes: { caps: ['CAP_SYS_ADMIN'] } }],
    };
    expect(security({ security: { seccomp } }).linux.seccomp?.syscalls).toHaveLength(1);
    const admin = security({ security: { seccomp }, capAdd: ['SYS_ADMIN'] });
    expect(admin.linux.seccomp?.syscalls).toEqual([]);
  });

  test.each<[object, string]>([
    [{}, '$.defaultAction of the profile must be'],
    [{ defaultAction: 'SCMP_ACT_NONE' }, 'found "SCMP_ACT_NONE"'],
    [{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: [1], action: 'SCMP_ACT_LOG' }] }, '$.syscalls[0].names[0]'],
  ])('a bad profile is refused by its JSON path: %j', (seccomp, message) => {
    expect(() => security({ security: { seccomp } })).toThrow(message);
  });
});

describe('filterFor', () => {
  test('compiles a profile once', () => {
    const profile: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW' };
    expect(filterFor(profile)).toBe(filterFor(profile));
    const [one, other] = [security().linux.seccomp, security().linux.seccomp];
    expect(one && other && filterFor(one)).toBe(other && filterFor(other));
  });

  test.each<Seccomp>([
    { defaultAction: 'SCMP_ACT_ERRNO' },
    { defaultAction: 'SCMP_ACT_KILL' },
    { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['execve'], action: 'SCMP_ACT_TRAP' }] },
  ])('refuses a filter behind which nothing starts: %j', (profile) => {
    expect(() => filterFor(profile)).toThrow('no program can start behind this seccomp profile: it forbids execve');
  });

  test('takes a filter that asks about the start, and none that asks about how it is handed over', () => {
    const asking = (name: string): Seccomp => ({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: [name], action: 'SCMP_ACT_NOTIFY' }],
    });
    expect(filterFor(asking('execve')).notifies).toBe(true);
    for (const name of ['sendmsg', 'dup3']) expect(() => filterFor(asking(name))).toThrow('cannot be handed over');
  });
});
