import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Mount } from '@coracle/oci-spec';
import { describe, expect, test } from '@jest/globals';
import { ownFilesFor } from '../src/own-files.ts';

const HOSTS = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\tbox\n';
const ALL = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'];

/** The own files of a root with these in it: texts, or links. */
function ownFiles(
  files: Record<string, string | { link: string }>,
  {
    mounts = [],
    hosts = () => undefined,
    resolvConf = () => 'nameserver 10.0.0.1\n',
  }: { mounts?: string[]; hosts?: () => string | undefined; resolvConf?: () => string | undefined } = {},
): string[][] {
  const path = mkdtempSync(join(tmpdir(), 'coracle-own-files-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      if (typeof content === 'string') writeFileSync(join(path, name), content);
      else symlinkSync(content.link, join(path, name));
    }
    const destinations = ['/proc', '/dev', ...mounts].map((destination): Mount => ({ destination, type: 'tmpfs' }));
    const context = { mounts: destinations, hostname: 'box', hosts, resolvConf };
    return ownFilesFor({ root: { kind: 'bind', path }, ...context }).map(({ path, text, place }) =>
      place === path ? [path, text] : [path, text, String(place)],
    );
  } finally {
    rmSync(path, { recursive: true });
  }
}

const everything = Object.fromEntries(ALL.map((path) => [path.slice(1), 'old\n']));
const pathsOf = (files: string[][]): (string | undefined)[] => files.map(([path]) => path);

describe('the files of its own that a container sees in place of those of its root', () => {
  test('tell its name, the local ones, and the name servers of the host', () => {
    expect(ownFiles(everything)).toEqual([
      ['/etc/hosts', HOSTS],
      ['/etc/hostname', 'box\n'],
      ['/etc/resolv.conf', 'nameserver 10.0.0.1\n'],
    ]);
  });

  test('tell the names that the host knows where its network is shared', () => {
    const hosts = (): string => '192.0.2.7\tpeer\n';
    expect(ownFiles({ 'etc/hosts': 'old\n' }, { hosts })).toEqual([['/etc/hosts', hosts()]]);
  });

  test('are those that the root has', () => {
    expect(ownFiles({ 'etc/hosts': 'old\n' })).toEqual([['/etc/hosts', HOSTS]]);
    expect(ownFiles({ 'etc/passwd': '' })).toEqual([]);
    expect(ownFiles({})).toEqual([]);
    expect(ownFiles({ etc: 'a file\n' })).toEqual([]);
    expect(ownFiles({ 'etc/hosts/below': '' })).toEqual([]);
    const context = { mounts: [], hostname: 'box', hosts: () => '', resolvConf: () => '' };
    expect(ownFilesFor({ root: { kind: 'tmpfs' }, ...context })).toEqual([]);
  });

  test('lie where links of the root lead, if to a file', () => {
    const link = (to: string): Record<string, string | { link: string }> => ({
      'etc/hosts': { link: to },
      'run/h': '',
    });
    expect(ownFiles(link('../run/h'))).toEqual([['/etc/hosts', HOSTS, '/run/h']]);
    for (const to of ['../run/none', '/run', 'hosts', '/proc/h', '/dev/h']) expect(ownFiles(link(to))).toEqual([]);
  });

  test('give way to what the user mounts there, or on what they lie in', () => {
    expect(pathsOf(ownFiles(everything, { mounts: ['/etc/hosts'] }))).toEqual(['/etc/hostname', '/etc/resolv.conf']);
    expect(pathsOf(ownFiles(everything, { mounts: ['/etc'] }))).toEqual([]);
    expect(pathsOf(ownFiles(everything, { mounts: ['/etc/host', '/etc/hosts.d'] }))).toEqual(ALL);
  });

  test('say nothing of name servers of which the host says nothing', () => {
    expect(pathsOf(ownFiles(everything, { resolvConf: () => undefined }))).toEqual(['/etc/hosts', '/etc/hostname']);
  });
});
