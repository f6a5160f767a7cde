import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMAND, ROOT, staleness } from './checkout.mjs';

/** What every failure of the machinery exits with, as Docker does; other codes are the container's. */
export const MACHINERY_FAILED = 125;

/**
 * Makes sure that the built command is current. Ends the process when it cannot be made so; why has been said then.
 * @returns {Promise<string>} the built command's path
 */
export async function ensureBuilt() {
  requireNode();
  const { install, build } = staleness(ROOT);
  if (install || build) {
    const { spawnSync } = await import('node:child_process');
    const { status } = spawnSync(process.execPath, [fileURLToPath(new URL('prepare-main.mjs', import.meta.url))], {
      stdio: ['ignore', 2, 2],
    });
    if (status !== 0) process.exit(MACHINERY_FAILED);
  }
  return join(ROOT, COMMAND);
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  process.stderr.write(`coracle: Node 20.19 or newer is needed, this is ${process.versions.node}\n`);
  process.exit(MACHINERY_FAILED);
}
