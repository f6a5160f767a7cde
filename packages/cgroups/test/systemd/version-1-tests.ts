import { type OwnSystemd, startSystemd } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createManaged } from '../../src/systemd/index.ts';
import { managedTests } from './managed-tests.ts';

const TIMEOUT_MS = 150_000;

/** What groups are to a systemd that limits with version 1, alone or with version 2 beside it. */
export function versionOneTests(): void {
  let systemd: OwnSystemd;
  beforeAll(async () => {
    systemd = await startSystemd();
  }, TIMEOUT_MS);
  afterAll(async () => await systemd?.[Symbol.asyncDispose](), TIMEOUT_MS);

  managedTests(() => systemd, { version: 1 });

  test(
    'what systemd would take and not heed on version 1 is refused, or left out and listed',
    async () => {
      const options = { manager: 'systemd', bus: systemd.address, facts: systemd.facts } as const;
      const resources = { pids: 20, memory: { max: '64m', high: '60m' }, cpuset: { cpus: '0' } };
      await expect(createManaged('some', resources, options)).rejects.toMatchObject({
        code: 'EOPNOTSUPP',
        path: 'memory.high',
      });
      await using box = await createManaged('some', resources, { ...options, mode: 'best-effort' });
      expect(box.leftOut.map(({ resource }) => resource)).toEqual(['memory.high', 'cpuset.cpus']);
      expect(systemd.read('some.slice/memory.limit_in_bytes')).toBe(String(64 << 20));
    },
    TIMEOUT_MS,
  );
}
