// The commands that are shipped, and what they are mostly called for: what runs then is to be ready at a start.
import { join } from 'node:path';
import { PROCESS_FILE, trialBundle } from './trial-bundle.mjs';
import { SOCKET } from './try-out.mjs';

/** Options of `coracle run` that more has to be at hand for; a start without them does not wait for that. */
const OFTEN_ASKED_FOR = [
  ...['-m', '--memory', '--cpus', '-v', '--volume', '--mount', '--tmpfs', '-u', '--user', '--userns', '--read-only'],
  ...[
    '--network',
    '--name',
    '--init',
    '--timeout',
    '--cap-add',
    '--cap-drop',
    '-t',
    '-it',
    '-ti',
    '-i',
    '--tty',
    '--interactive',
  ],
];

/** By their names. */
export const COMMANDS = {
  coracle: {
    name: 'coracle',
    app: 'apps/cli',
    preface: { module: 'apps/cli/src/known-start/preface.ts', word: 'run' },
    versionName: 'CORACLE_VERSION',
    trials: (directory) => [
      ['run', 'true'],
      ['run', '--quiet', '--rootfs', '/', '--hostname', 'box', '--pids-limit', '20', '-e', 'A=1', '-w', '/', 'true'],
      ['run', '-m', '64m', 'true'],
      ['run', '-m', '64m', '--cpus', '1', '-v', `${directory}:/mnt:ro`, '--tmpfs', '/media', '-u', '1', 'true'],
      ['run', '-v', `${directory}:/mnt`, '--userns', 'auto', '--read-only', '--network', 'host', 'true'],
      ['run', '-q', '-it', '--name', `trial-${process.pid}`, '--init', '--timeout', '60s', '--cap-drop', 'ALL', 'true'],
      [
        'run',
        '-q',
        '--rootfs=/',
        '--memory=64m',
        '--mount',
        `type=bind,src=${directory},dst=/mnt`,
        '-u',
        '0:0',
        'true',
      ],
    ],
    callsFor: [[], OFTEN_ASKED_FOR],
  },
  'coracle-oci': {
    name: 'coracle-oci',
    app: 'apps/oci-runtime',
    versionName: 'CORACLE_OCI_VERSION',
    trials: livesOfSeveral,
    // What engines call for each container. Of the other commands most need what `state` does.
    callsFor: [['state'], ['create'], ['start'], ['kill'], ['delete'], ['exec'], ['run']],
  },
};

/** What engines have done for containers of several kinds, from their making to their end; and the same in one call. */
function livesOfSeveral(directory, uid) {
  const waiting = trialBundle(directory, 'waiting', { args: ['sleep', '60'], uid });
  const onTerminal = trialBundle(directory, 'on-terminal', { args: ['sleep', '60'], uid, terminal: true });
  const ending = trialBundle(directory, 'ending', { args: ['true'], uid });
  const seeing = trialBundle(directory, 'seeing', { args: ['true'], uid, seesHost: true });
  const id = `trial-${process.pid}`;
  const verb = (...words) => ['--root', join(directory, 'state'), ...words];
  return [
    verb('create', '--bundle', waiting, '--pid-file', join(directory, 'pid'), id),
    verb('state', id),
    verb('start', id),
    verb('exec', '--process', join(ending, PROCESS_FILE), '--detach', '--pid-file', join(directory, 'pid'), id),
    verb('kill', id, 'KILL'),
    verb('state', id),
    verb('delete', '--force', id),
    verb('create', '-b', seeing, id),
    verb('delete', '--force', id),
    verb('create', '--bundle', onTerminal, '--console-socket', join(directory, SOCKET), id),
    verb('delete', '--force', id),
    verb('run', '--bundle', ending, id),
    verb('run', '-b', seeing, id),
  ];
}
