import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sysctlPath, sysctlsFor } from '../../src/config/config-sysctls.ts';
import { OptionError } from '../../src/options/option-error.ts';
import type { ContainerOptions } from '../../src/options/options.ts';

const settings = (options: Partial<ContainerOptions>, inUserNamespace = false): Record<string, string> =>
  sysctlsFor({ command: ['true'], ...options }, inUserNamespace);

const DOCKERS = { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' };

describe('kernel settings of a container', () => {
  test("with a network of its own it has Docker's two", () => {
    expect(settings({})).toEqual(DOCKERS);
    expect(settings({}, true)).toEqual({ 'net.ipv4.ip_unprivileged_port_start': '0' });
    expect(settings({ network: 'host' })).toEqual({});
  });

  test.each([
    ['net.ipv4.ip_forward', 'net/ipv4/ip_forward'],
    ['net/ipv4/conf/eth0.100/forwarding', 'net/ipv4/conf/eth0.100/forwarding'],
    ['fs.mqueue.msg_max', 'fs/mqueue/msg_max'],
    ['kernel.shmmax', 'kernel/shmmax'],
  ])('%s is its own', (key, path) => {
    expect(settings({ sysctls: { [key]: '1' } })).toEqual({ ...DOCKERS, [key]: '1' });
    expect(sysctlPath(key)).toBe(path);
  });

  test('what is asked for outdoes the default', () => {
    const sysctls = { 'net.ipv4.ip_unprivileged_port_start': '1024' };
    expect(settings({ sysctls })['net.ipv4.ip_unprivileged_port_start']).toBe('1024');
  });

  test.each([
    ...['kernel.core_pattern', 'kernel.panic', 'vm.swappiness', 'fs.file-max', 'net', '', 'kernel', 'netx.ipv4'],
    ...['net/../kernel/core_pattern', 'net..ipv4', 'net/', '/net/ipv4', 'net/./x', 'net.\0', 'kernel.hostname'],
    ...['fs.mqueue', 'fs.mqueue./.net'],
  ])("%j is the whole host's", (key) => {
    expect(() => settings({ sysctls: { [key]: '1' } })).toThrow('is no setting that a container has of its own');
  });

  test.each(['', ' ', '1\nkernel.core_pattern=x', '1\r', '\n'])('%j is no value', (value) => {
    expect(() => settings({ sysctls: { 'net.ipv4.ip_forward': value } })).toThrow('cannot be the value of');
  });

  test("with the host's network its settings are the host's", () => {
    const sysctls = { 'net.ipv4.ip_forward': '1' };
    expect(() => settings({ sysctls, network: 'host' })).toThrow("a setting of the network, which is the host's here");
  });

  test('any text is a setting below the allowed directories, or refused', () => {
    const part = fc.constantFrom('net', 'ipv4', '.', '..', '/', 'kernel', 'shmmax', 'fs', 'mqueue', '\0', 'x');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join('')),
          fc.array(part).map((parts) => parts.join('.')),
        ),
        (key) => {
          try {
            settings({ sysctls: { [key]: '1' } });
          } catch (error) {
            expect(error).toBeInstanceOf(OptionError);
            return;
          }
          expect(`/${sysctlPath(key)}/`).toMatch(/^\/(net|fs\/mqueue|kernel\/(msg|sem|shm)\w*)\//);
          expect(`/${sysctlPath(key)}/`).not.toMatch(/\/(\.{0,2})\//);
        },
      ),
    );
  });
});
