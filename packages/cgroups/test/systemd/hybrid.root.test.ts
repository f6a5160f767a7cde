// kernel: coracle.cgroups=hybrid
import { machineWith, needs, SYSTEMD } from '@coracle/test-support';
import { versionOneTests } from './version-1-tests.ts';

needs.describe(...SYSTEMD, machineWith('hybrid'))('groups of a real systemd with both versions', versionOneTests);
