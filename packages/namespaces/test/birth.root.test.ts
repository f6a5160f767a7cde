import { readFileSync, writeFileSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import {
  enterTimeOffsets,
  joinNamespaces,
  loopbackUp,
  NAMESPACE_TYPES,
  type NamespaceType,
  namespaceInode,
  namespaceOwner,
  parseIdMap,
  rootIdMaps,
  setDomainname,
  setHostname,
  timeOffsets,
  writeIdMaps,
} from '@coracle/namespaces';
import { Agent, closeFd, output, pidfdOpen, step } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { giveBirth } from './birth.ts';

const SUPPORTED = NAMESPACE_TYPES.filter((type) => namespaceInode('self', type) !== undefined);
/** What uname(2) fills: six fields of 65 bytes. */
const UTSNAME_LENGTH = 390;

function utsFields(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes).toString('latin1');
  return Array.from({ length: 6 }, (_, index) => text.slice(index * 65, index * 65 + 65).split('\0')[0] ?? '');
}

needs.describe(needs.root)('the first process of a container', () => {
  test('is in new namespaces of every kind', async () => {
    using birth = await giveBirth({ namespaces: SUPPORTED });
    for (const type of SUPPORTED) {
      expect([type, namespaceInode(birth.pid, type)]).not.toEqual([type, namespaceInode('self', type)]);
    }
  });

  test.each(SUPPORTED)('with one new namespace (%s) shares all others', async (type) => {
    using birth = await giveBirth({ namespaces: [type] });
    const fresh = SUPPORTED.filter((kind) => namespaceInode(birth.pid, kind) !== namespaceInode('self', kind));
    expect(fresh).toEqual([type]);
  });

  test('is process 1 of its pid namespace', async () => {
    using birth = await giveBirth({ namespaces: ['pid'] });
    const outcome = await birth.init.run({ steps: [step('getpid', [], { why: 'learn the pid', result: 'pid' })] });
    expect(outcome.result('pid')).toBe(1);
  });

  test('has a name of its own and leaves that of the host', async () => {
    using birth = await giveBirth({ namespaces: ['uts'] });
    const before = readFileSync('/proc/sys/kernel/hostname', 'utf8');
    const outcome = await birth.init.run({
      steps: [
        ...setHostname('box'),
        ...setDomainname('example.org'),
        step('uname', [output('uts', UTSNAME_LENGTH)], 'ask'),
      ],
    });
    outcome.throwIfFailed();
    const fields = utsFields(outcome.output('uts'));
    expect([fields[1], fields[5]]).toEqual(['box', 'example.org']);
    expect(readFileSync('/proc/sys/kernel/hostname', 'utf8')).toBe(before);
  });

  test('takes a hostname of 64 bytes, the longest this package lets through', async () => {
    using birth = await giveBirth({ namespaces: ['uts'] });
    const name = 'ü'.repeat(32);
    const outcome = await birth.init.run({
      steps: [...setHostname(name), step('uname', [output('uts', UTSNAME_LENGTH)], 'ask')],
    });
    outcome.throwIfFailed();
    expect(Buffer.from(utsFields(outcome.output('uts'))[1] ?? '', 'latin1').toString()).toBe(name);
  });

  test('reaches itself over 127.0.0.1 once the loopback interface is up', async () => {
    using birth = await giveBirth({ namespaces: ['network'] });
    const routes = (): string => readFileSync(`/proc/${birth.pid}/net/fib_trie`, 'utf8');
    expect(routes()).not.toContain('127.0.0.1');
    (await birth.init.run({ steps: loopbackUp() })).throwIfFailed();
    expect(routes()).toContain('127.0.0.1');
  });

  test('brings up the loopback interface in a user namespace too', async () => {
    using birth = await giveBirth({ namespaces: ['user', 'network'] });
    await writeIdMaps(birth.pid, rootIdMaps());
    (await birth.init.run({ steps: loopbackUp() })).throwIfFailed();
    expect(readFileSync(`/proc/${birth.pid}/net/fib_trie`, 'utf8')).toContain('127.0.0.1');
  });

  test('ends when its socket is closed, so that nothing is left', async () => {
    const birth = await giveBirth({ namespaces: ['pid'] });
    const pidfd = pidfdOpen(birth.pid);
    birth.init.close();
    const waited = await birth.agent.channel.run({
      steps: [step('waitid', [0, 0, output('end', 128), 4, null], 'wait for the end')],
    });
    expect(waited.failure).toBeUndefined();
    closeFd(pidfd);
    birth.agent.close();
    expect(() => namespaceInode(birth.pid, 'pid')).toThrow(/ESRCH/);
  });
});

needs.describe(needs.root)('id maps', () => {
  test('of root are in force afterwards', async () => {
    using birth = await giveBirth({ namespaces: ['user'] });
    const maps = rootIdMaps({
      uids: [
        { containerId: 0, hostId: 100000, size: 10 },
        { containerId: 10, hostId: 5000, size: 1 },
      ],
    });
    await writeIdMaps(birth.pid, maps);
    expect(parseIdMap(readFileSync(`/proc/${birth.pid}/uid_map`, 'utf8'))).toEqual(maps.uids);
    expect(parseIdMap(readFileSync(`/proc/${birth.pid}/gid_map`, 'utf8'))).toEqual(maps.gids);
    expect(readFileSync(`/proc/${birth.pid}/setgroups`, 'utf8')).toBe('allow\n');
  });

  test('of the 340 lines allowed are taken by the kernel, when their text is shorter than a page', async () => {
    using birth = await giveBirth({ namespaces: ['user'] });
    const lines = Array.from({ length: 340 }, (_, id) => ({ containerId: id, hostId: 1000 + id, size: 1 }));
    await writeIdMaps(birth.pid, rootIdMaps({ uids: lines, gids: lines }));
    expect(parseIdMap(readFileSync(`/proc/${birth.pid}/uid_map`, 'utf8'))).toHaveLength(340);
  });

  test('are refused by the kernel from 4096 bytes of text on, as this package says', async () => {
    using birth = await giveBirth({ namespaces: ['user'] });
    const write = (text: string): void => writeFileSync(`/proc/${birth.pid}/uid_map`, text, { flag: 'r+' });
    expect(() => write(`${'0 1000 1'.padEnd(4095)}\n`)).toThrow(/EINVAL/);
    write(`${'0 1000 1'.padEnd(4094)}\n`);
    expect(parseIdMap(readFileSync(`/proc/${birth.pid}/uid_map`, 'utf8'))).toHaveLength(1);
  });

  test('written a second time are refused with the reason', async () => {
    using birth = await giveBirth({ namespaces: ['user'] });
    await writeIdMaps(birth.pid, rootIdMaps());
    const again = writeIdMaps(birth.pid, rootIdMaps());
    await expect(again).rejects.toMatchObject({
      code: 'EPERM',
      path: `/proc/${birth.pid}/uid_map`,
      detail: '0 1879048192 65536',
      hint: expect.stringContaining('can be written once only'),
    });
  });

  test('of a process without a user namespace of its own are refused', async () => {
    using birth = await giveBirth({ namespaces: ['pid'] });
    await expect(writeIdMaps(birth.pid, rootIdMaps())).rejects.toMatchObject({ code: 'EPERM', syscall: 'write' });
  });
});

needs.describe(needs.root, {
  what: 'time namespaces (Linux 5.6)',
  met: namespaceInode('self', 'time') !== undefined,
})('clock offsets', () => {
  test('are those of the container', async () => {
    const offsets = { monotonic: { seconds: 100n }, boottime: { seconds: -3, nanoseconds: 5 } };
    using birth = await giveBirth({ namespaces: ['pid'] }, timeOffsets(offsets));
    const text = readFileSync(`/proc/${birth.pid}/timens_offsets`, 'utf8');
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/)),
    ).toEqual([
      ['monotonic', '100', '0'],
      ['boottime', '-3', '5'],
    ]);
    expect(namespaceInode(birth.pid, 'time')).not.toBe(namespaceInode('self', 'time'));
  });

  test('are made by the first process in a user namespace of its own, which owns them', async () => {
    using birth = await giveBirth({ namespaces: ['user', 'pid'] });
    (await birth.init.run({ steps: enterTimeOffsets({ boottime: { seconds: 1_000_000 } }) })).throwIfFailed();
    expect(readFileSync(`/proc/${birth.pid}/timens_offsets`, 'utf8')).toMatch(/boottime +1000000 +0/);
    expect(namespaceInode(birth.pid, 'time')).not.toBe(namespaceInode('self', 'time'));
    expect(namespaceOwner(`/proc/${birth.pid}/ns/time`)).toBe(namespaceInode(birth.pid, 'user'));
  });

  test('cannot be set any more after a birth with a time namespace, for the child is inside at once', async () => {
    using birth = await giveBirth({ namespaces: ['time'] });
    expect.assertions(1);
    try {
      writeFileSync(`/proc/${birth.pid}/timens_offsets`, 'monotonic 100 0\n', { flag: 'r+' });
    } catch (error) {
      expect(isErrno(error, 'EACCES')).toBe(true);
    }
  });
});

/** A pid namespace is not entered by the process that joins it, only by its children: its own link stays. */
const OWN_LINK_CHANGES: readonly NamespaceType[] = SUPPORTED.filter((type) => type !== 'pid');

needs.describe(needs.root)('joining the namespaces of another process', () => {
  test('enters all of them at once', async () => {
    using birth = await giveBirth({ namespaces: SUPPORTED });
    await writeIdMaps(birth.pid, rootIdMaps());
    const pidfd = pidfdOpen(birth.pid);
    using visitor = Agent.spawn({ fds: [pidfd] });
    closeFd(pidfd);
    (await visitor.channel.run({ steps: joinNamespaces({ pidfd: 4, namespaces: SUPPORTED }) })).throwIfFailed();
    for (const type of OWN_LINK_CHANGES) {
      expect([type, namespaceInode(visitor.pid, type)]).toEqual([type, namespaceInode(birth.pid, type)]);
    }
  });

  test('refuses the user namespace one is in already', async () => {
    using birth = await giveBirth({ namespaces: ['pid'] });
    const pidfd = pidfdOpen(birth.pid);
    using visitor = Agent.spawn({ fds: [pidfd] });
    closeFd(pidfd);
    const outcome = await visitor.channel.run({ steps: joinNamespaces({ pidfd: 4, namespaces: ['user'] }) });
    expect(outcome.failure?.errno).toBe(-22);
    expect(() => outcome.throwIfFailed()).toThrow(/EINVAL.*could not enter the namespace of the container \(user\)/);
  });
});

describe('a birth that the kernel refuses', () => {
  test('names the call and its purpose', async () => {
    await expect(giveBirth({ namespaces: ['pid'], cgroupFd: 999 })).rejects.toMatchObject({
      code: process.geteuid?.() === 0 ? 'EBADF' : 'EPERM',
      syscall: 'clone3',
      step: 'make the first process of the container, with its own pid namespace',
    });
  });
});
