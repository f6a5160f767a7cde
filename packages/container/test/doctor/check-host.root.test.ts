import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { distributionOf } from '../../src/doctor/gather-facts.ts';
import { checkHost, gatherFacts, judgeHost } from '../../src/doctor/index.ts';
import { absentCalls } from '../../src/doctor/probe-calls.ts';

const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');
const hostname = (): string => readFileSync('/proc/sys/kernel/hostname', 'utf8');
const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('checking this machine', () => {
  test('gives a finding for every topic, whoever asks', async () => {
    const checks = await checkHost();
    expect(checks.length).toBeGreaterThan(10);
    for (const { topic, status, found, needed } of checks) {
      expect(['ok', 'warning', 'missing']).toContain(status);
      expect([topic, found, needed].every((text) => text !== '' && !text.includes('undefined'))).toBe(true);
    }
  });

  test('leaves nothing behind: no mount, no name, no descriptor, no process', async () => {
    await checkHost();
    const before = { mounts: mounts(), hostname: hostname(), descriptors: descriptors() };
    await checkHost();
    expect({ mounts: mounts(), hostname: hostname(), descriptors: descriptors() }).toEqual(before);
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    const commands = children.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    expect(commands.filter((command) => command.includes('coracle'))).toEqual([]);
  });

  test('sees newuidmap where run would start it from: first in PATH', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'coracle-doctor-'));
    const path = join(directory, 'newuidmap');
    writeFileSync(path, '', { mode: 0o755 });
    const before = process.env['PATH'];
    process.env['PATH'] = `${directory}:${before}`;
    try {
      expect((await gatherFacts()).newuidmap).toEqual({ path, privileged: false });
    } finally {
      process.env['PATH'] = before;
      rmSync(directory, { recursive: true });
    }
  });

  test.each([
    ['/etc/passwd/deep/coracle', '/etc/passwd is no directory'],
    ['/etc/passwd', 'belongs to somebody else, or others can write to it'],
    [tmpdir(), 'belongs to somebody else, or others can write to it'],
    [join(tmpdir(), 'coracle-absent/state'), undefined],
  ])('tells whether state can be kept in %s', async (stateRoot, refusal) => {
    expect((await gatherFacts({ stateRoot })).state).toEqual({ path: stateRoot, refusal });
  });
});

needs.describe(needs.root)('as root', () => {
  test('what is tried can be done, or the call that refused is named', async () => {
    const facts = await gatherFacts();
    for (const attempt of [facts.agent, facts.rootNamespaces, facts.userNamespace, facts.proc, facts.overlay]) {
      if (!attempt?.ok)
        expect(attempt).toEqual({ ok: false, syscall: expect.any(String), code: expect.stringMatching(/^E[A-Z]+$/) });
    }
    expect(judgeHost(facts).find(({ topic }) => topic === 'root')).toMatchObject({ status: 'ok' });
  });
});

describe('system calls', () => {
  test('that a new kernel has are all found', () => {
    expect(absentCalls()).toEqual([]);
  });
});

describe('the distribution', () => {
  test.each([
    ['PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n', 'debian'],
    ['ID=ubuntu\nID_LIKE=debian\n', 'debian'],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'debian'],
    ['ID=fedora\n', 'fedora'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'fedora'],
    ['ID=arch\n', 'other'],
    ['NAME=debian\nVERSION_ID=12\n', 'other'],
    ['', 'other'],
  ])('of %j is %s', (text, expected) => {
    expect(distributionOf(text)).toBe(expected);
  });
});
