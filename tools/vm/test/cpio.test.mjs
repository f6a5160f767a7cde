import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { pack } from '../cpio.mjs';

const hasCpio = spawnSync('cpio', ['--version']).status === 0;
const withCpio = hasCpio ? test : test.skip;
const why = hasCpio ? '' : ' (skipped: needs the program cpio)';

const entries = [
  { path: 'bin', type: 'directory' },
  { path: 'bin/tool', type: 'file', data: 'hello' },
  { path: 'bin/sh', type: 'link', data: 'tool' },
  { path: 'console', type: 'character', mode: 0o600, device: [5, 1] },
];

function cpio(...args) {
  return spawnSync('cpio', args, { input: pack(entries), encoding: 'latin1', env: { ...process.env, TZ: 'UTC' } })
    .stdout;
}

describe('an archive', () => {
  withCpio(`is what cpio lists: kind, permissions, owner, size, device and target${why}`, () => {
    const columns = cpio('-itvn')
      .trim()
      .split('\n')
      .map((line) => line.replace(/\s+/g, ' ').replace(/ Jan 1 1970/, ''));
    expect(columns).toEqual([
      'drwxr-xr-x 1 0 0 0 bin',
      '-rwxr-xr-x 1 0 0 5 bin/tool',
      'lrwxr-xr-x 1 0 0 4 bin/sh -> tool',
      'crw------- 1 0 0 5, 1 console',
    ]);
  });

  withCpio(`gives a file's content back${why}`, () => {
    expect(cpio('-i', '--to-stdout', '--quiet', 'bin/tool')).toBe('hello');
  });

  test('is made of records that begin at multiples of four', () => {
    const archive = pack(entries);
    expect(archive.length % 4).toBe(0);
    const starts = [...archive.toString('latin1').matchAll(/070701/g)].map(({ index }) => index % 4);
    expect(starts).toEqual([0, 0, 0, 0, 0]);
  });
});
