import { allCapabilities } from '@coracle/capabilities';
import { describe, expect, test } from '@jest/globals';
import { configure } from '../../src/config/config.ts';
import { run } from '../../src/index.ts';
import { checkKnown, checkKnownOfExec } from '../../src/options/known-options.ts';
import { checkValues } from '../../src/options/option-values.ts';
import { securityModules } from '../labels/modules.ts';
import { refusal } from '../refusal.ts';

/** As plain JavaScript gives options, which no compiler has seen. */
const parsed = (options: object): { command: string[] } => ({ command: ['true'], ...options });

describe('an option that does not exist is refused, and the one that was meant is named', () => {
  test.each([
    [{ memry: '1g' }, 'memry', 'did you mean limits.memory?'],
    [{ memory: '1g' }, 'memory', 'did you mean limits.memory?'],
    [{ noNewPriviliges: true }, 'noNewPriviliges', 'did you mean security.noNewPrivileges?'],
    [{ readonly: true }, 'readonly', 'did you mean readOnly?'],
    [{ limits: { memroy: '1g' } }, 'limits.memroy', 'did you mean limits.memory?'],
    [
      { limits: { toString: 1 } },
      'limits.toString',
      'there are: limits.cpus, limits.memory, limits.memoryWithSwap, limits.pids',
    ],
    [{ security: { secomp: 'log' } }, 'security.secomp', 'did you mean security.seccomp?'],
    [
      { volumes: [{ source: '/a', target: '/b', readonly: true }] },
      'volumes.readonly',
      'did you mean volumes.readOnly?',
    ],
    [{ tmpfs: [{ target: '/a', option: ['ro'] }] }, 'tmpfs.option', 'did you mean tmpfs.options?'],
    [{ devices: [{ path: '/dev/fuse', acces: 'r' }] }, 'devices.acces', 'did you mean devices.access?'],
    [{ root: { path: '/', overlays: true } }, 'root.overlays', 'did you mean root.overlay?'],
    [{ userNamespace: { mode: 'keep-id', udi: 1 } }, 'userNamespace.udi', expect.stringContaining('did you mean')],
    [{ terminal: { rows: 1, colums: 1 } }, 'terminal.colums', 'did you mean terminal.columns?'],
    [{ somethingElse: 1 }, 'somethingElse', expect.stringContaining('volumes')],
  ])('%j', (options, option, hint) => {
    expect(refusal(() => checkKnown(parsed(options)))).toMatchObject({
      option,
      message: `there is no option ${option}`,
      hint,
    });
  });

  test('for a further program as well', () => {
    const options: object = { usr: 'alice' };
    expect(refusal(() => checkKnownOfExec(options))).toMatchObject({ option: 'usr', hint: 'did you mean user?' });
  });

  test('by whatever the container is made', async () => {
    const context = {
      id: 'abcdef012345',
      inUserNamespace: false,
      available: allCapabilities(),
      modules: securityModules(),
    };
    expect(refusal(() => configure(parsed({ memry: '1g' }), context)).option).toBe('memry');
    const options: object = { memry: '1g' };
    await expect(run('true', [], options)).rejects.toMatchObject({ code: 'ERR_CORACLE_OPTION', option: 'memry' });
  });
});

describe('a value that would silently be taken as another is refused, and what it may be is said', () => {
  test.each([
    [{ privileged: 'false' }, 'privileged', 'write true or false'],
    [{ readOnly: 1 }, 'readOnly', 'write true or false'],
    [{ init: null }, 'init', 'write true or false'],
    [{ security: { noNewPrivileges: 'false' } }, 'security.noNewPrivileges', 'write true or false'],
    [{ security: { landlock: 'file' } }, 'security.landlock', 'there are default and files'],
    [{ security: { systemPaths: true } }, 'security.systemPaths', 'there are default and unconfined'],
    [{ security: { mask: '/proc/version' } }, 'security.mask', 'write security.mask: [ ... ]'],
    [{ security: { unmask: 'all' } }, 'security.unmask', 'write security.unmask: [ ... ]'],
    [{ network: 'Host' }, 'network', 'there are none and host'],
    [{ network: 'bridge' }, 'network', 'there are none and host'],
    [{ root: { path: '/', overlay: 'no' } }, 'root.overlay', 'write true or false'],
    [{ volumes: [{ source: '/a', target: '/b', readOnly: 'false' }] }, 'volumes.readOnly', 'write true or false'],
    [{ volumes: [{ source: '/a', target: '/b', suid: 0 }] }, 'volumes.suid', 'write true or false'],
    [{ volumes: [{ source: '/a', target: '/b', chown: 1 }] }, 'volumes.chown', 'write true or false'],
    [{ volumes: [{ source: '/a', target: '/b', dev: 1 }] }, 'volumes.dev', 'write true or false'],
    [{ volumes: [{ source: '/a', target: '/b', exec: 1 }] }, 'volumes.exec', 'write true or false'],
    [{ volumes: [{ source: '/a', target: '/b', idmap: 1 }] }, 'volumes.idmap', 'write true or false'],
    [{ limits: '256m' }, 'limits', 'write limits: { ... }'],
    [{ limits: null }, 'limits', 'write limits: { ... }'],
    [{ security: 'unconfined' }, 'security', 'write security: { ... }'],
    [{ env: ['A=1'] }, 'env', 'write env: { ... }'],
    [{ sysctls: 'net.x=1' }, 'sysctls', 'write sysctls: { ... }'],
    [{ rlimits: 'nofile=1' }, 'rlimits', 'write rlimits: { ... }'],
  ])('%j', (options, option, hint) => {
    expect(refusal(() => checkValues(parsed(options)))).toMatchObject({
      option,
      message: expect.stringContaining(`${option} cannot be`),
      hint,
    });
  });

  test('by whatever the container is made', async () => {
    const options: object = { privileged: 'false' };
    await expect(run('true', [], options)).rejects.toMatchObject({ code: 'ERR_CORACLE_OPTION', option: 'privileged' });
  });
});

describe('what is left alone', () => {
  test.each([
    [{ memry: undefined }],
    [{ env: { anything: 'x' }, sysctls: { 'net.x': '1' }, rlimits: { nofile: { soft: 1, hard: 2 } } }],
    [{ security: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', note: 'of its author' } } }],
    [
      {
        stdin: 'pipe',
        timeout: '1s',
        signal: AbortSignal.timeout(1),
        input: '',
        maxOutput: 1,
        onSyscall: () => 'continue',
      },
    ],
    [{ root: 'host', userNamespace: 'auto', limits: undefined }],
  ])('%j', (options) => {
    expect(() => checkKnown(parsed(options))).not.toThrow();
    expect(() => checkValues(parsed(options))).not.toThrow();
  });
});
