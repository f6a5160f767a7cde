// kernel: coracle.cgroups=1
import { machineWith, needs, SYSTEMD } from '@coracle/test-support';
import { versionOneTests } from './version-1-tests.ts';

needs.describe(...SYSTEMD, machineWith('1'))('groups of a real systemd with version 1 alone', versionOneTests);
