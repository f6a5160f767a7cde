// kernel: coracle.cgroups=hybrid
import { needs } from '@coracle/test-support';
import { machineWith, SYSTEMD } from './needs-systemd.ts';
import { versionOneTests } from './version-1-tests.ts';

needs.describe(...SYSTEMD, machineWith('hybrid'))('groups of a real systemd with both versions', versionOneTests);
