// kernel: coracle.cgroups=hybrid
import { readFileSync } from 'node:fs';
import { needs } from '@coracle/test-support';
import { furtherTests } from './further-tests.ts';

// On any other machine they are among the tests of all resources.
const met = readFileSync('/proc/cmdline', 'utf8').includes('coracle.cgroups=hybrid');

needs.describe({ what: 'the virtual machine with cgroups of both versions', met })(
  'resources on a machine with every controller of version 1',
  () => furtherTests(`coracle-test-further-${process.pid}`),
);
