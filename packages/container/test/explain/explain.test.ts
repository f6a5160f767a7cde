import type { IdMaps } from '@coracle/namespaces';
import { describe, expect, test } from '@jest/globals';
import { explainContainer, idMapPart } from '../../src/explain/explain.ts';

const ids = [
  { containerId: 0, hostId: 1000, size: 1 },
  { containerId: 1, hostId: 100000, size: 65536 },
];
const callsOf = (maps: Omit<IdMaps, 'uids' | 'gids'>): string[] =>
  idMapPart({ uids: ids, gids: ids, ...maps }, 1).steps.map(({ call }) => call);

describe('id maps are explained', () => {
  test('with the helpers from where they were found', () => {
    const helpers = { newuidmap: '/opt/newuidmap', newgidmap: '/usr/bin/newgidmap' };
    expect(callsOf({ how: 'helper', helpers })).toEqual([
      '/opt/newuidmap PID 0 1000 1 1 100000 65536',
      '/usr/bin/newgidmap PID 0 1000 1 1 100000 65536',
    ]);
  });

  test('as files, where they are written', () => {
    expect(callsOf({ how: 'direct' })[1]).toBe('write("/proc/PID/gid_map", "0 1000 1\\n1 100000 65536\\n")');
  });
});

test("the null device is told to be the container's own, but in a user namespace, where the host's has another owner", () => {
  const tellsOfIt = (options: Partial<Parameters<typeof explainContainer>[0]>): boolean =>
    explainContainer({ command: ['true'], ...options }).some(({ remarks = [] }) =>
      remarks.some((remark) => remark.includes('null device')),
    );
  expect(tellsOfIt({})).toBe(process.geteuid?.() === 0);
  expect(tellsOfIt({ userNamespace: 'auto' })).toBe(false);
});
