import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerOptions } from '@coracle/container';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parseArguments } from '../src/arguments.ts';
import { CONTAINER_OPTIONS } from '../src/option-table.ts';
import { securityOptions } from '../src/security-options.ts';

const directory = mkdtempSync(join(tmpdir(), 'coracle-profiles-'));
afterAll(() => rmSync(directory, { recursive: true }));

const parse = (...args: string[]): Partial<ContainerOptions> =>
  securityOptions(parseArguments([...args, 'true'], CONTAINER_OPTIONS).options);

function file(text: string): string {
  const path = join(directory, 'profile.json');
  writeFileSync(path, text);
  return `seccomp=${path}`;
}

const profile = (value: string): string =>
  `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["clone"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":${value},"op":"SCMP_CMP_EQ"}]}]}`;

describe('options for the rights of a container', () => {
  test('all of them', () => {
    const options = parse(
      ...['--cap-add', 'NET_ADMIN,SYS_TIME', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:false'],
      ...['--security-opt', 'systempaths=unconfined', '--security-opt', 'seccomp=log', '--sysctl', 'net.a=b=c'],
      ...['--security-opt', 'landlock=files'],
      ...['--device', '/dev/fuse:/dev/f:r', '--device', '/dev/null:rw', '--device-cgroup-rule', 'c 1:3 r'],
    );
    expect(options).toEqual({
      capAdd: ['NET_ADMIN', 'SYS_TIME'],
      capDrop: ['ALL'],
      privileged: false,
      security: { noNewPrivileges: false, systemPaths: 'unconfined', seccomp: 'log', landlock: 'files' },
      sysctls: { 'net.a': 'b=c' },
      devices: [
        { path: '/dev/fuse', target: '/dev/f', access: 'r' },
        { path: '/dev/null', access: 'rw' },
      ],
      deviceRules: ['c 1:3 r'],
    });
  });

  test('the AppArmor profile, and the parts of the SELinux label one by one', () => {
    const security = (...texts: string[]): unknown =>
      parse(...texts.flatMap((text) => ['--security-opt', text])).security;
    expect(security('apparmor=my profile')).toEqual({ apparmor: 'my profile' });
    expect(security('apparmor:unconfined')).toEqual({ apparmor: 'unconfined' });
    const parts = ['user:u', 'role:r', 'type:t', 'level:s0:c1,c2', 'filetype:f'].map((part) => `label=${part}`);
    expect(security(...parts, 'seccomp=log')).toEqual({
      selinuxLabel: { user: 'u', role: 'r', type: 't', level: 's0:c1,c2', fileType: 'f' },
      seccomp: 'log',
    });
    expect(security('label:type:t', 'label:disable', 'label:level:s0')).toEqual({ selinuxLabel: 'disable' });
  });

  test('paths to be hidden and to be shown, several in one and in more than one', () => {
    const security = (...texts: string[]): unknown =>
      parse(...texts.flatMap((text) => ['--security-opt', text])).security;
    expect(security('mask=/a:/b', 'unmask:/proc/acpi', 'mask=/c', 'unmask=/proc/s*:/sys/firmware')).toEqual({
      mask: ['/a', '/b', '/c'],
      unmask: ['/proc/acpi', '/proc/s*', '/sys/firmware'],
    });
    expect(security('unmask=all')).toEqual({ systemPaths: 'unconfined' });
    expect(security('seccomp=builtin')).toEqual({ seccomp: 'default' });
  });

  test('a profile is read from its file', () => {
    expect(parse('--security-opt', file(profile('18446744073709551615'))).security?.seccomp).toMatchObject({
      defaultAction: 'SCMP_ACT_ALLOW',
    });
    expect(parse('--security-opt', file(profile('18446744073709547520')))).toBeDefined();
  });

  test.each([
    ['--security-opt', 'seccomp=', 'no profile is named'],
    ['--security-opt', 'seccomp=/no/such/file', 'ENOENT'],
    ['--security-opt', 'smack=x', "'smack' is none of the security options"],
    ['--security-opt', 'apparmor=', 'no profile is named'],
    ['--security-opt', 'label', "'' is neither disable nor a part of a label"],
    ['--security-opt', 'label=none', "'none' is neither disable nor a part of a label"],
    ['--security-opt', 'label=type:', "'type:' is neither disable nor a part of a label"],
    ['--security-opt', 'label=colour:red', "'colour:red' is neither disable nor a part of a label"],
    ['--security-opt', 'no-new-privileges=maybe', 'neither true nor false'],
    ['--security-opt', 'landlock', "'' is neither files nor default"],
    ['--security-opt', 'systempaths=none', 'not unconfined'],
    ['--security-opt', 'mask=', 'no path is named'],
    ['--security-opt', 'unmask', 'no path is named'],
    ['--sysctl', 'net.ipv4.ip_forward', 'not NAME=VALUE'],
    ['--device', 'fuse', 'not SRC, SRC:DST or SRC:DST:rwm'],
    ['--device', '/a:/b:/c:r', 'not SRC, SRC:DST or SRC:DST:rwm'],
  ])('%s %s: %s', (option, value, message) => {
    expect(() => parse(option, value)).toThrow(message);
  });

  test.each([
    ['{', 'must be JSON, found'],
    ['[1', 'must be JSON, found'],
    ['null', 'must be a JSON object, found null'],
    ['7', 'must be a JSON object, found 7'],
    [profile('18446744073709551617'), '$.syscalls[0].args[0].value must be '],
    [profile('-1'), '$.syscalls[0].args[0].value must be '],
    ['[1]', 'must be an object, found an array of 1'],
    ['{"defaultAction":"DENY"}', '$.defaultAction must be one of SCMP_ACT_KILL'],
    [
      profile('1').replace('"index":0', '"index":9'),
      '$.syscalls[0].args[0].index must be a whole number from 0 to 5, found 9',
    ],
  ])('a file with %j: %s, and the file is named', (text, message) => {
    const option = file(text);
    expect(() => parse('--security-opt', option)).toThrow(`--security-opt ${option}: ${message}`);
  });
});
