import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { COMMAND } from './checkout.mjs';
import { run } from './run.mjs';

const UNFINISHED = '.new-';

/**
 * Builds the command next to where it belongs and moves it there, so that one that is just starting reads the old file
 * or the new one, never half of one.
 * @param {string} root the checkout
 * @throws {import('./run.mjs').ToolError}
 */
export async function build(root) {
  const cli = join(root, 'apps/cli');
  const dist = dirname(join(root, COMMAND));
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(dist)) {
    if (name.startsWith(UNFINISHED)) rmSync(join(dist, name), { recursive: true, force: true }); // of a killed build
  }
  const fresh = mkdtempSync(join(dist, UNFINISHED));
  try {
    await run(process.execPath, [join(root, 'node_modules/tsup/dist/cli-default.js'), '--out-dir', fresh], {
      cwd: cli,
      show: 'on-failure',
    });
    const before = existsSync(join(root, COMMAND)) ? readFileSync(join(root, COMMAND), 'utf8') : '';
    const made = readdirSync(fresh).sort(); // coracle-X.code is there before coracle.cjs, which reads it
    for (const name of made) renameSync(join(fresh, name), join(dist, name));
    for (const name of readdirSync(dist)) {
      // The code of the command before stays once more, for one that is just starting.
      if (name.endsWith('.code') && !made.includes(name) && !before.includes(name)) rmSync(join(dist, name));
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
