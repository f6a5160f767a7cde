// kernel: coracle.cgroups=hybrid
import { machineWith, needs, SYSTEMD } from '@coracle/test-support';
import { lifeTests } from './life-tests.ts';

needs.describe(...SYSTEMD, machineWith('hybrid'))('a container of a real systemd with both versions', () =>
  lifeTests({ version: 1 }),
);
