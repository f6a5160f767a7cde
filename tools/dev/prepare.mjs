// Installs and builds what is stale. Run as a process of its own by ensure.mjs, so that nothing of it stays in the command's.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { fingerprints, staleness, writeStamp } from './checkout.mjs';
import { install } from './install.mjs';
import { lockCheckout } from './lock.mjs';

const WRITTEN = ['.', 'node_modules', 'node_modules/.cache/coracle', 'apps/cli', 'apps/cli/dist'];

/**
 * Makes the checkout's built command current.
 * @param {string} root the checkout
 * @param {(line: string) => void} say
 * @throws {Error} with all a user has to know
 */
export async function prepare(root, say) {
  const lock = await lockCheckout(root, {
    onWait: () => say('waiting for another start, which is preparing this checkout'),
  });
  try {
    if (!isStale(root)) return;
    requireWritable(root);
    if (staleness(root).install) {
      const first = !existsSync(join(root, 'node_modules'));
      say(first ? 'first start: installing the development tools, about a minute' : 'dependencies changed: installing');
      const { install: made } = fingerprints(root);
      await install(root);
      writeStamp(root, 'install', made);
    }
    if (staleness(root).build) {
      say('building the command');
      const { build: made } = fingerprints(root);
      await build(root);
      writeStamp(root, 'build', made);
    }
  } finally {
    lock.release();
  }
}

function isStale(root) {
  const { install, build } = staleness(root);
  return install || build;
}

function requireWritable(root) {
  const blocked = WRITTEN.map((path) => join(root, path)).find((path) => existsSync(path) && !isWritable(path));
  if (!blocked) return;
  throw new Error(
    `${root} has changed since it was built, and ${blocked} is not writable for ${userName(process.getuid())}.\n` +
      `Run \`npm start -- --version\` there as ${userName(statSync(blocked).uid)}, or work in a copy of your own: git clone ${root}`,
  );
}

function isWritable(path) {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function userName(uid) {
  if (uid === 0) return 'root';
  try {
    const user = userInfo();
    return user.uid === uid ? user.username : `user ${uid}`;
  } catch {
    return `user ${uid}`; // one that is not in /etc/passwd
  }
}
