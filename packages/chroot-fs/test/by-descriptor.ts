import { refusedMountCalls } from '@coracle/chroot-fs';
import type { Requirement } from '@coracle/test-support';

/** For what mount(2) cannot do: `npm run test:older-calls` takes the calls away that it needs. */
export const byDescriptor: Requirement = { what: 'mounts by descriptor', met: refusedMountCalls().length === 0 };
