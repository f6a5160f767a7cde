import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { updateShares } from '../../src/detached/update-shares.ts';

/** In place of resctrl: a directory with a class in it, and its own schemata. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-test-'));
  mkdirSync(join(root, 'box'));
  for (const path of ['schemata', 'box/schemata']) writeFileSync(join(root, path), '');
});
afterEach(() => rmSync(root, { recursive: true }));

const mountPoint = (): string => root;
const has = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('new shares of cache and memory bandwidth', () => {
  test('are written as lines to the class of the container', () => {
    updateShares({ l3CacheSchema: 'L3:0=f', memBwSchema: 'MB:0=50' }, { id: 'box', rdt: {}, mountPoint });
    expect([has('box/schemata'), has('schemata')]).toEqual(['L3:0=f\nMB:0=50\n', '']);
    updateShares({ memBwSchema: 'MB:0=20' }, { id: 'other', rdt: { closID: '/' }, mountPoint });
    expect(has('schemata')).toBe('MB:0=20\n');
  });

  test('are refused without resctrl, and for a container without a class', () => {
    const wanted = { l3CacheSchema: 'L3:0=f' };
    expect(() => updateShares(wanted, { id: 'box', rdt: {}, mountPoint: () => undefined })).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP', message: expect.stringContaining('no resctrl file system') }),
    );
    expect(() => updateShares(wanted, { id: 'box', rdt: undefined, mountPoint })).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining('box has no class of service') }),
    );
  });

  test('that cannot be written are told of with the file, the lines and what the kernel says', () => {
    const update = (): void => updateShares({ memBwSchema: 'MB:0=7' }, { id: 'gone', rdt: {}, mountPoint });
    mkdirSync(join(root, 'gone')); // it is not to be made
    const path = join(root, 'gone/schemata');
    const error = { code: 'ENOENT', path, detail: 'MB:0=7', hint: expect.stringContaining('info below') };
    expect(update).toThrow(expect.objectContaining(error));
    mkdirSync(join(root, 'info'));
    writeFileSync(join(root, 'info/last_cmd_status'), 'MB value 7 below minimum\n');
    expect(update).toThrow(expect.objectContaining({ hint: 'MB value 7 below minimum' }));
  });

  test('that nobody asks for are not looked for', () => {
    const ask = (): never => {
      throw new Error('looked for resctrl');
    };
    expect(() => updateShares({}, { id: 'box', rdt: undefined, mountPoint: ask })).not.toThrow();
  });
});
