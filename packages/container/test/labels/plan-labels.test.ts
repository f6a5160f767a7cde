import { errnoNumber } from '@coracle/errors';
import { renderStep, type Step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { withContext } from '../../src/labels/label-mounts.ts';
import { labelContainer } from '../../src/labels/plan-labels.ts';
import type { SecurityModules } from '../../src/labels/security-modules.ts';
import type { ContainerOptions } from '../../src/options/options.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { stepError } from '../../src/step-error.ts';
import { planFor as planOf } from '../plan-for.ts';
import { securityModules } from './modules.ts';

const EVERYTHING = { hasApparmor: true, hasSelinux: true, hasDefaultProfile: true };
const selinuxLabel = 'u:r:box_t:s0:c1,c2';

function planFor(security: ContainerOptions['security'], modules: Partial<SecurityModules> = EVERYTHING): Plan {
  return planOf(
    { ...(security ? { security } : {}), root: { path: '/', overlay: true } },
    { idMaps: undefined, kindOf: () => 'file', modules: securityModules(modules) },
  );
}

const render = (steps: readonly Step[]): string[] => steps.map(renderStep);
const ofAttributes = (steps: readonly Step[]): string[] =>
  render(steps).filter((call) => /self\/attr|attribute>|JOIN_SESSION/.test(call));

describe('the steps for profiles and labels', () => {
  test('are not there in a container without', () => {
    const { parts } = planFor(undefined, {});
    expect(ofAttributes(parts.flatMap(({ steps }) => steps))).toEqual([
      'keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0)',
    ]);
    expect(parts.map(({ question }) => question)).not.toContain('Which profile and label will the program have?');
  });

  test("reach the files through the container's own proc, by descriptor and through no other mount, before all is closed", () => {
    const { parts } = planFor(undefined);
    const [labels, closing] = parts.slice(-2);
    expect(labels?.question).toBe('Which profile and label will the program have?');
    expect(closing?.question).toBe('What of the host is still open?');
    expect(render(labels?.steps ?? [])).toEqual([
      expect.stringMatching(
        /^openat2\(<proc>, "self\/attr\/apparmor\/exec", \{flags: O_WRONLY\|O_CLOEXEC, resolve: (?=.*RESOLVE_BENEATH)(?=.*RESOLVE_NO_XDEV)(?=.*RESOLVE_NO_MAGICLINKS)/,
      ),
      'write(<attribute>, "exec coracle-default", 20)',
      'close(<attribute>)',
    ]);
  });

  test('make a proc of their own, attached nowhere, for a configuration that has none', () => {
    const process = { args: ['true'], cwd: '/', user: { uid: 0, gid: 0 }, apparmorProfile: 'box' };
    const calls = render(labelContainer({ ociVersion: '1.3.0', root: { path: '/' }, process }));
    expect(calls[0]).toMatch(/^fsopen\("proc"/);
    expect(calls.filter((call) => call.startsWith('move_mount'))).toEqual([]);
    for (const apparmorProfile of ['', 'unconfined'])
      expect(
        labelContainer({ ociVersion: '1.3.0', root: { path: '/' }, process: { ...process, apparmorProfile } }),
      ).toEqual([]);
  });

  test('make the session keyring with the label, and not before', () => {
    const { setup } = planFor({ selinuxLabel, apparmor: 'unconfined' });
    expect(ofAttributes(setup).filter((call) => /^(write|keyctl)/.test(call))).toEqual([
      'write(<attribute>, "u:r:box_t:s0:c1,c2", 18)',
      'write(<attribute>, "u:r:box_t:s0:c1,c2", 18)',
      'keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0)',
    ]);
  });

  test('give the label for files to each new file system in memory, but neither to /proc nor to /sys', () => {
    const { setup } = planFor({ selinuxLabel });
    let type = '';
    const labelled = render(setup).flatMap((call) => {
      type = /^fsopen\("(\w+)"/.exec(call)?.[1] ?? type;
      return call.includes('"context", "u:object_r:container_file_t:s0:c1,c2"') ? [type] : [];
    });
    expect(labelled.sort()).toEqual(['devpts', 'overlay', 'tmpfs', 'tmpfs', 'tmpfs']);
    expect(render(setup)).toContainEqual(expect.stringMatching(/^fsetxattr\(<top>, "security.selinux", /));
  });
});

test('a mount that names a label of its own keeps it', () => {
  expect(withContext(['ro', 'rootcontext=x'], 'y')).toEqual(['ro', 'rootcontext=x']);
  expect(withContext(['ro'], 'y')).toEqual(['ro', 'context=y']);
  expect(withContext(['ro'], undefined)).toEqual(['ro']);
});

describe('what the kernel refuses', () => {
  const failed = (
    security: ContainerOptions['security'],
    call: RegExp,
    code: 'ENOENT' | 'EACCES' | 'EINVAL',
  ): unknown => {
    const step = planFor(security).setup.find((one) => call.test(renderStep(one)));
    if (!step) throw new Error(`there is no ${call}`);
    return stepError({ step, errno: -errnoNumber(code) });
  };

  test('of a profile is told by what it means', () => {
    expect(failed({ apparmor: 'box' }, /^write.*exec box/, 'ENOENT')).toMatchObject({
      message: expect.stringContaining('no AppArmor profile of this name is loaded'),
      hint: expect.stringContaining('sudo apparmor_parser -r FILE'),
    });
    expect(failed({}, /^write.*exec coracle-default/, 'ENOENT')).toMatchObject({
      hint: expect.stringContaining('coracle apparmor | sudo apparmor_parser -r'),
    });
    expect(failed({ apparmor: 'box' }, /^write.*exec box/, 'EACCES')).toMatchObject({
      hint: expect.stringContaining('the profile that Coracle itself runs under'),
    });
  });

  test('of a label is told by what it means', () => {
    expect(failed({ selinuxLabel }, /^write.*u:r:box_t/, 'EINVAL')).toMatchObject({
      message: expect.stringContaining('knows no such label'),
      hint: expect.stringContaining('label=type:TYPE'),
    });
    expect(failed({ selinuxLabel }, /^fsconfig.*"context"/, 'EINVAL')).toMatchObject({
      message: expect.stringContaining('knows no SELinux label u:object_r:container_file_t:s0:c1,c2'),
      hint: expect.stringContaining('label=filetype:TYPE'),
    });
    expect(failed({ selinuxLabel }, /^write.*u:r:box_t/, 'EACCES')).toMatchObject({
      hint: expect.stringContaining('ausearch'),
    });
  });
});
