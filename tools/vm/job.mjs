// What the machine is told to run: a script for its supervisor's shell.
import { readFileSync } from 'node:fs';
import { MachineError } from './machine-error.mjs';

const CONTROLLED = ['.', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads'];
const OWN_DIRECTORIES = ['/run', '/dev', '/proc', '/sys', '/var/run'];
/** Where the machine keeps this computer's /tmp; its own is empty. */
const HOST_TMP = '/run/coracle-vm/host-tmp';

/**
 * @typedef {object} Account
 * @property {number} uid
 * @property {number} gid
 * @property {number[]} groups
 * @property {string} name
 * @property {string} home
 */

/**
 * @typedef {object} Job
 * @property {string[]} command
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} env
 * @property {Account} [account] who runs the command (default: root)
 * @property {boolean} [delegate] whether the account gets a cgroup of its own and the command starts in a leaf of it; its
 *   path is in the environment variable `CORACLE_DELEGATED_CGROUP`
 * @property {string} [before] shell commands that root runs first; the job ends where one of them fails
 */

/** The cgroup that a delegation gives to a user. */
export function delegatedCgroup(uid) {
  return `/sys/fs/cgroup/user-${uid}`;
}

/**
 * The script of a job.
 * @param {Job} job
 * @returns {string}
 * @throws {MachineError} EUSAGE when the directory exists on this computer only
 */
export function scriptOf({ command, cwd, env, account, delegate = false, before }) {
  if (cwd === '/tmp' || OWN_DIRECTORIES.some((directory) => `${cwd}/`.startsWith(`${directory}/`))) {
    throw new MachineError(
      'EUSAGE',
      `The machine has ${['/tmp', ...OWN_DIRECTORIES].join(', ')} of its own: start from outside of ${cwd}`,
    );
  }
  const variables = environment(env, account, delegate && account ? delegatedCgroup(account.uid) : undefined);
  return [
    ...fromTmp(cwd),
    ...(before ? ['set -e', before, 'set +e'] : []),
    ...(account ? runtimeDirectory(account) : []),
    ...(account && delegate ? delegation(account) : []),
    `cd ${quote(cwd)} || exit 125`,
    [
      'exec',
      ...(account ? becoming(account) : []),
      '/usr/bin/env',
      '-i',
      ...variables.map(quote),
      ...command.map(quote),
    ].join(' '),
    '',
  ].join('\n');
}

/**
 * Finds a user by name or number. A number without a line in passwd is a user without groups and home, as for the kernel.
 * @param {string} user
 * @param {{ passwd?: string, group?: string }} [databases] texts (default: those of /etc)
 * @returns {Account}
 * @throws {MachineError} EUSAGE
 */
export function accountOf(user, { passwd = read('/etc/passwd'), group = read('/etc/group') } = {}) {
  const line = table(passwd).find(([name, , uid]) => name === user || uid === user);
  if (!line && !/^\d+$/.test(user)) throw new MachineError('EUSAGE', `There is no user ${user} in /etc/passwd`);
  const [name = '', , uid = user, gid = user, , home = '/'] = line ?? [];
  const groups = table(group)
    .filter(([, , , members = '']) => name !== '' && members.split(',').includes(name))
    .map(([, , id]) => Number(id));
  return { uid: Number(uid), gid: Number(gid), groups: [...new Set([Number(gid), ...groups])], name, home };
}

/** @param {string} text any text without a zero byte */
export function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Below /tmp the machine shows what the command is started in: a checkout for a trial often lies there. */
function fromTmp(cwd) {
  const [, name] = /^\/tmp\/([^/]+)/.exec(cwd) ?? [];
  if (name === undefined) return [];
  const place = quote(`/tmp/${name}`);
  return [`mkdir ${place} && mount -o bind ${quote(`${HOST_TMP}/${name}`)} ${place} || exit 125`];
}

function runtimeDirectory({ uid, gid }) {
  return ['mkdir -p /run/user', `mkdir -m 700 /run/user/${uid}`, `chown ${uid}:${gid} /run/user/${uid}`];
}

/** What systemd does for a service with Delegate=yes: the user owns the subtree, and its root has no processes. */
function delegation({ uid, gid }) {
  const group = delegatedCgroup(uid);
  const owned = [group, `${group}/leaf`].flatMap((directory) => CONTROLLED.map((file) => `${directory}/${file}`));
  return [
    `mkdir -p ${group}/leaf || exit 125`,
    `chown ${uid}:${gid} ${owned.join(' ')} || exit 125`,
    `echo $$ >${group}/leaf/cgroup.procs || exit 125`,
  ];
}

function becoming({ uid, gid, groups }) {
  return ['/usr/bin/setpriv', `--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups.join(',')}`, '--'];
}

/** The caller's, but for what names directories and sessions that are not in the machine. */
function environment(env, account, cgroup) {
  const { TMPDIR, XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS, ...kept } = env;
  const own = account
    ? {
        HOME: account.home,
        USER: account.name || String(account.uid),
        LOGNAME: account.name || String(account.uid),
        XDG_RUNTIME_DIR: `/run/user/${account.uid}`,
      }
    : {};
  const delegated = cgroup ? { CORACLE_DELEGATED_CGROUP: cgroup } : {};
  return Object.entries({ ...kept, ...own, ...delegated }).map(([name, value]) => `${name}=${value}`);
}

function table(text) {
  return text.split('\n').map((line) => line.split(':'));
}

function read(path) {
  return readFileSync(path, 'utf8');
}
