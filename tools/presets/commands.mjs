// The commands that are shipped, and what they are mostly called for: what runs then is to be ready at a start.
import { join } from 'node:path';
import { PROCESS_FILE, trialBundle } from './trial-bundle.mjs';

/** By their names. */
export const COMMANDS = {
  coracle: {
    name: 'coracle',
    app: 'apps/cli',
    versionName: 'CORACLE_VERSION',
    trials: () => [
      ['run', '--quiet', 'true'],
      ['run', '-q', '--rootfs', '/', '--hostname', 'box', '--pids-limit', '20', '-e', 'A=1', '-w', '/', 'true'],
    ],
    callsFor: [[]],
  },
  'coracle-oci': {
    name: 'coracle-oci',
    app: 'apps/oci-runtime',
    versionName: 'CORACLE_OCI_VERSION',
    trials: livesOfTwo,
    // What engines call for each container. Of the other commands most need what `state` does.
    callsFor: [['state'], ['create'], ['start'], ['kill'], ['delete'], ['exec'], ['run']],
  },
};

/** What an engine has done for a container, from its making to its end; and the same in one call. */
function livesOfTwo(directory, uid) {
  const waiting = trialBundle(directory, { args: ['sleep', '60'], uid, seesHost: false });
  const ending = trialBundle(directory, { args: ['true'], uid, seesHost: true });
  const id = `trial-${process.pid}`;
  const verb = (...words) => ['--root', join(directory, 'state'), ...words];
  return [
    verb('create', '--bundle', waiting, '--pid-file', join(directory, 'pid'), id),
    verb('state', id),
    verb('start', id),
    verb('exec', '--process', join(ending, PROCESS_FILE), '--detach', '--pid-file', join(directory, 'pid'), id),
    verb('kill', id, 'KILL'),
    verb('delete', '--force', id),
    verb('create', '--bundle', ending, id),
    verb('delete', '--force', id),
    verb('run', '--bundle', ending, id),
  ];
}
