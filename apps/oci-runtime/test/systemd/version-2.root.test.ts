import { needs, type OwnSystemd, onlyVersion2, SYSTEMD, startSystemd } from '@coracle/test-support';
import { afterAll, beforeAll } from '@jest/globals';
import { lifeTests, TIMEOUT_MS } from './life-tests.ts';
import { machineOf, type SystemdMachine } from './machine.ts';

needs.describe(...SYSTEMD, onlyVersion2())('a container of a real systemd', () => {
  let systemd: OwnSystemd;
  let machine: SystemdMachine;
  beforeAll(async () => {
    systemd = await startSystemd();
    machine = await machineOf(systemd);
  }, TIMEOUT_MS);
  afterAll(async () => {
    machine?.[Symbol.dispose]();
    await systemd?.[Symbol.asyncDispose]();
  }, TIMEOUT_MS);

  lifeTests(() => ({ systemd, machine }), { version: 2 });
});
