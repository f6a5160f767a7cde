import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isHosts, isSystemDirectory } from '../../src/idmapped/system-directories.ts';
import { labelledTrees } from '../../src/labels/labelled-trees.ts';
import { refusal } from '../refusal.ts';

const LABEL = 'system_u:object_r:container_file_t:s0:c1,c2';

describe('volumes that are to have a SELinux label', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'labelled-'));
    symlinkSync('/etc', join(directory, 'link'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const volume = (relabel?: 'shared' | 'private', source = directory): object => ({
    source,
    target: '/data',
    ...(relabel ? { relabel } : {}),
  });
  const trees = (label: string | undefined, ...volumes: object[]): unknown =>
    labelledTrees(volumes as Parameters<typeof labelledTrees>[0], label);

  test('have that of the container, or the one that all containers may use', () => {
    expect(trees(LABEL, volume('private'), volume('shared'), volume())).toEqual([
      { source: directory, label: LABEL },
      { source: directory, label: 'system_u:object_r:container_file_t:s0' },
    ]);
    expect(trees('u:r:t:s0-s15:c0.c9', volume('shared'))).toEqual([{ source: directory, label: 'u:r:t:s0' }]);
    expect(trees('u:r:t', volume('shared'))).toEqual([{ source: directory, label: 'u:r:t' }]);
  });

  test('are left as they are by a container without a label, wherever they lie', () => {
    expect(trees(undefined, volume('private'), volume('shared', '/etc'))).toEqual([]);
  });

  test.each(['/', '/etc', '/usr/share/doc', '/etc/passwd', '/home', 'link'])('cannot be %s', (path) => {
    const source = path === 'link' ? join(directory, path) : path;
    expect(refusal(() => trees(LABEL, volume('shared', source)))).toMatchObject({
      message: expect.stringContaining('belongs to the system'),
      hint: expect.stringContaining('label=type:TYPE'),
    });
  });
});

test.each([
  ['/srv', true, true],
  ['/srv/www', false, false],
  ['/home/alice', false, true],
  ['/home/alice/data', false, false],
  ['/usr/local', true, true],
  ['/usr/local/data', false, true],
  ['/etcetera', false, false],
  ['/var/lib', true, true],
  ['/var/lib/data', false, false],
])('%s is a directory of the system: %s; is of the host itself: %s', (path, isSystem, isOfHost) => {
  expect([isSystemDirectory(path), isHosts(path)]).toEqual([isSystem, isOfHost]);
});
