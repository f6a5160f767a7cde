import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allCapabilities } from '@coracle/capabilities';
import { validateConfig } from '@coracle/oci-spec/validate';
import { describe, expect, test } from '@jest/globals';
import { configure } from '../../src/config/config.ts';
import type { ContainerOptions, LimitOptions } from '../../src/options/options.ts';
import { securityModules } from '../labels/modules.ts';

const id = 'abcdef012345';
const available = allCapabilities();
const modules = securityModules();
const plain = (options: Partial<ContainerOptions> = {}): ReturnType<typeof configure> =>
  configure({ command: ['true'], ...options }, { id, inUserNamespace: false, available, modules });

describe('configure', () => {
  test('the defaults are a valid configuration with every namespace, no new privileges and hidden paths', () => {
    const { config, limits, isHostRoot } = plain();
    expect(validateConfig(config)).toBe(config);
    expect(config.linux?.namespaces?.map(({ type }) => type).sort()).toEqual([
      'cgroup',
      'ipc',
      'mount',
      'network',
      'pid',
      'time',
      'uts',
    ]);
    expect(config.process?.noNewPrivileges).toBe(true);
    expect(config.linux?.maskedPaths).toContain('/proc/kcore');
    expect(config.linux?.readonlyPaths).toContain('/proc/sys');
    expect(limits).toEqual({ pids: 2048 });
    expect(isHostRoot).toBe(true);
  });

  test('an ordinary user gets a user namespace, before the others', () => {
    const { config } = configure({ command: ['true'] }, { id, inUserNamespace: true, available, modules });
    expect(config.linux?.namespaces?.[0]).toEqual({ type: 'user' });
  });

  test("the host's network leaves the network namespace out", () => {
    expect(plain({ network: 'host' }).config.linux?.namespaces?.map(({ type }) => type)).not.toContain('network');
  });

  test("with the host's network a user namespace shows the host's /sys, since it may not mount one", () => {
    const { config } = configure(
      { command: ['true'], network: 'host' },
      { id, inUserNamespace: true, available, modules },
    );
    expect(config.mounts?.find(({ destination }) => destination === '/sys')).toMatchObject({
      type: 'bind',
      options: expect.arrayContaining(['ro']),
    });
  });

  test('the environment has PATH, HOSTNAME and HOME, and what is asked for wins', () => {
    const { config } = plain({ hostname: 'box', env: { HOME: '/home/me', X: 'a=b' } });
    expect(config.process?.env).toEqual([expect.stringMatching(/^PATH=/), 'HOSTNAME=box', 'HOME=/home/me', 'X=a=b']);
  });

  test('limits are read from sizes and numbers', () => {
    expect(plain({ limits: { memory: '64m', pids: 20, cpus: 0.5 } }).limits).toEqual({
      memory: { max: 64n << 20n, maxWithSwap: 128n << 20n },
      pids: 20,
      cpus: 0.5,
    });
    expect(plain({ limits: { memory: 'max', pids: 'max', cpus: 'max' } }).limits).toEqual({
      memory: 'max',
      pids: 'max',
      cpus: 'max',
    });
  });

  test.each<[string, LimitOptions, unknown]>([
    ['none', { memory: '64m', memoryWithSwap: '64m' }, { max: 64n << 20n, maxWithSwap: 64n << 20n }],
    ['some', { memory: '64m', memoryWithSwap: '1g' }, { max: 64n << 20n, maxWithSwap: 1n << 30n }],
    ['all there is', { memory: '64m', memoryWithSwap: 'max' }, { max: 64n << 20n, maxWithSwap: 'max' }],
    ['all there is, of memory too', { memoryWithSwap: 'max' }, { max: 'max', maxWithSwap: 'max' }],
  ])('swap is allowed by what memory and swap may be together: %s', (_, limits, memory) => {
    expect(plain({ limits }).limits.memory).toEqual(memory);
  });

  test('a resource limit is one number for soft and hard, or both of them', () => {
    const { config } = plain({ rlimits: { memlock: { soft: 100, hard: 'max' }, core: 0, nproc: 'max' } });
    expect(config.process?.rlimits).toEqual([
      { type: 'RLIMIT_MEMLOCK', soft: 100, hard: 2 ** 64 },
      { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
      { type: 'RLIMIT_NPROC', soft: 2 ** 64, hard: 2 ** 64 },
    ]);
  });

  test('no limit on open files is as many as the kernel gives a process at most', () => {
    const most = Number(readFileSync('/proc/sys/fs/nr_open', 'utf8'));
    expect(plain({ rlimits: { nofile: 'max' } }).config.process?.rlimits).toEqual([
      { type: 'RLIMIT_NOFILE', soft: most, hard: most },
    ]);
  });

  test('volumes become bind mounts, read-only all the way down where asked', () => {
    const source = mkdtempSync(join(tmpdir(), 'volume-'));
    const { config } = plain({ volumes: [{ source, target: '/data/../srv/', readOnly: true }] });
    expect(config.mounts).toContainEqual({
      destination: '/srv',
      type: 'bind',
      source,
      options: ['rbind', 'ro', 'nodev'],
    });
    rmdirSync(source);
  });

  const refused: [string, Partial<ContainerOptions>, string][] = [
    ['no program', { command: [] }, 'no program to run'],
    ['an empty program', { command: [''] }, 'no program to run'],
    ['a NUL in an argument', { command: ['echo', 'a\0b'] }, 'NUL'],
    ['a name with a slash', { name: 'a/b' }, "'a/b' cannot be the name"],
    ['a name of dots', { name: '..' }, "'..' cannot be the name"],
    ['a name of 300 characters', { name: 'a'.repeat(300) }, 'cannot be the name'],
    ['a name with a picture', { name: 'boat⛵' }, 'cannot be the name'],
    ['a relative working directory', { cwd: 'srv' }, "'srv' is not absolute"],
    ['a variable without a name', { env: { '': 'x' } }, 'cannot be the name of a variable'],
    ['a variable with = in its name', { env: { 'A=B': 'x' } }, 'cannot be the name of a variable'],
    ['a memory limit in parsecs', { limits: { memory: '12parsecs' } }, '12parsecs'],
    ['a memory limit nothing fits in', { limits: { memory: '1k' } }, 'less than a container needs'],
    ['a negative memory limit', { limits: { memory: -1 } }, 'less than a container needs'],
    ['a memory limit of half a byte more', { limits: { memory: 2 ** 26 + 0.5 } }, 'cannot be a number of bytes'],
    ['a memory limit that is no number', { limits: { memory: Number.NaN } }, 'NaN cannot be a number of bytes'],
    [
      'less for memory and swap than for memory',
      { limits: { memory: '64m', memoryWithSwap: '63m' } },
      'are less than 67108864',
    ],
    ['a limit for memory and swap alone', { limits: { memoryWithSwap: '64m' } }, 'need a limit for memory too'],
    [
      'the same with memory lifted',
      { limits: { memory: 'max', memoryWithSwap: '64m' } },
      'need a limit for memory too',
    ],
    [
      'a limit for both in parsecs',
      { limits: { memory: '64m', memoryWithSwap: '12parsecs' } },
      'limit on memory and swap',
    ],
    ['a memory limit of all addresses', { limits: { memory: 2n ** 63n - 1n } }, 'more than any machine has'],
    ['half a process', { limits: { pids: 1.5 } }, '1.5 cannot be the limit on pids'],
    ['no process at all', { limits: { pids: 0 } }, '0 cannot be the limit on pids'],
    ['no processor time', { limits: { cpus: 0 } }, '0 cannot be the limit on cpus'],
    ['an endless number of processors', { limits: { cpus: Number.POSITIVE_INFINITY } }, 'cannot be the limit on cpus'],
    ['an unknown resource limit', { rlimits: { parsecs: 12 } }, "no resource limit is called 'parsecs'"],
    [
      'a soft limit above the hard one',
      { rlimits: { nofile: { soft: 200, hard: 100 } } },
      '200, is above the hard one, 100',
    ],
    ['a soft limit of none below a hard one', { rlimits: { nproc: { soft: 'max', hard: 100 } } }, 'max, is above'],
    ['half a file', { rlimits: { nofile: 1.5 } }, '1.5 cannot be the limit on nofile'],
    ['fewer files than none', { rlimits: { nofile: { soft: -1, hard: 1 } } }, '-1 cannot be the limit on nofile'],
    ['a mount over the root', { tmpfs: [{ target: '/' }] }, 'nothing can be mounted on the root'],
    ['a mount over /proc', { tmpfs: [{ target: '/proc/sys' }] }, 'nothing can be mounted on /proc/sys'],
    ['a mount over /proc in disguise', { tmpfs: [{ target: '/x/../proc' }] }, 'nothing can be mounted on /proc'],
    [
      'a mountpoint that no kernel takes',
      { tmpfs: [{ target: `/${'y/'.repeat(3000)}` }] },
      'is longer than the kernel',
    ],
    ['a directory with too long a name', { cwd: `/${'y'.repeat(256)}` }, 'is longer than the kernel takes'],
    ['a working directory too deep', { cwd: '/a'.repeat(1001) }, 'cwd: a place 1001 directories deep'],
    ['a volume too deep', { tmpfs: [{ target: `${'/a'.repeat(2040)}/` }] }, 'tmpfs: a place 2040 directories deep'],
    ['more processes than there can be', { limits: { pids: 2 ** 22 + 1 } }, '4194305 is no limit on pids'],
    ['a size that is none', { limits: { memory: '12parsecs' } }, "'12parsecs' cannot be the limit on memory"],
    ['no rule for devices', { deviceRules: ['x 1:3 r'] }, "'x 1:3 r' is no rule for devices"],
    ['a name with a line of /etc/hosts in it', { hostname: 'x\n192.0.2.6 peer' }, 'cannot be a hostname: it has white'],
    ['a name that changes colours', { hostname: 'x\u001b[31m' }, 'cannot be a hostname'],
    ['a user that nobody can be', { user: '4294967295' }, "the user id of '4294967295'"],
    ['a relative mountpoint', { tmpfs: [{ target: 'tmp' }] }, "'tmp' in the container is not absolute"],
    ['a missing root', { root: '/no/such/root' }, "ENOENT: no such file or directory, stat '/no/such/root'"],
    ['a root that is a file', { root: '/etc/passwd' }, "ENOTDIR: not a directory, open_tree '/etc/passwd'"],
    [
      'a missing volume',
      { volumes: [{ source: '/no/such', target: '/x' }] },
      "ENOENT: no such file or directory, stat '/no/such'",
    ],
  ];

  test.each(refused)('%s is refused with the reason', (_, options, message) => {
    expect(() => plain(options)).toThrow(message);
  });

  test.each(refused.filter(([, , message]) => !message.includes('hostname')))('%s comes with a hint', (_, options) => {
    expect(() => plain(options)).toThrow(expect.objectContaining({ hint: expect.any(String) }));
  });
});
