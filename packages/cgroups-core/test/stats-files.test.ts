import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { filesFor, hugePageSizes, readTexts, readValue, type StatsFiles } from '../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'coracle-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

test.each([0, 1, 16 << 10, (16 << 10) + 1, 100_000])('a file of %i bytes is read whole', (length) => {
  const path = join(directory, String(length));
  writeFileSync(path, 'x'.repeat(length));
  expect(readTexts([path]).get(path)).toBe('x'.repeat(length));
});

test('what is not there has no text, and does not stop the others', () => {
  const [missing, present] = [join(directory, 'missing'), join(directory, 'present')];
  writeFileSync(present, '3\n');
  expect([...readTexts([missing, present])]).toEqual([[present, '3\n']]);
});

test('a file that cannot be read is an error with its name, as from the door', () => {
  const path = join(directory, 'loop');
  symlinkSync('loop', path);
  expect(() => readTexts([path])).toThrow(expect.objectContaining({ code: 'ELOOP', path }));
  expect(() => readValue(path)).toThrow(expect.objectContaining({ code: 'ELOOP', path }));
});

test('sizes of huge pages have the names that the controller gives them', () => {
  const sizes = mkdtempSync(join(directory, 'sizes-'));
  for (const name of ['hugepages-64kB', 'hugepages-2048kB', 'hugepages-1048576kB', 'hugepages-16777216kB', 'other'])
    writeFileSync(join(sizes, name), '');
  expect(hugePageSizes(sizes).sort()).toEqual(['16GB', '1GB', '2MB', '64KB']);
  expect(hugePageSizes(join(directory, 'nowhere'))).toEqual([]);
});

test('the sizes of huge pages are looked up once, and only for what counts them', () => {
  const looks: string[] = [];
  const sizes = (): string[] => {
    looks.push('look');
    return ['2MB', '1GB'];
  };
  const files = { pids: { current: ['pids.current'] }, hugetlb: ['hugetlb.*.max', 'hugetlb.*.current'] };
  const namesOf = (wanted: 'all' | ['pids']): string[] =>
    filesFor(files as unknown as StatsFiles, { wanted, hugePageSizes: sizes });
  expect(namesOf(['pids'])).toEqual(['pids.current']);
  expect(looks).toEqual([]);
  expect(namesOf('all')).toEqual([
    'pids.current',
    'hugetlb.2MB.max',
    'hugetlb.1GB.max',
    'hugetlb.2MB.current',
    'hugetlb.1GB.current',
  ]);
  expect(looks).toHaveLength(1);
});
