import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

/**
 * Builds a command for tests, where what is there is not of the present sources.
 * @param {string} app its directory below apps
 * @throws {Error} with what the build said
 */
export function buildApp(app) {
  const cwd = join(ROOT, 'apps', app);
  const packages = readdirSync(join(ROOT, 'packages')).map((name) => join(ROOT, 'packages', name, 'src'));
  const sources = [join(cwd, 'src'), join(ROOT, 'tools/presets'), ...packages];
  if (newest(join(cwd, 'dist')) > Math.max(...sources.map(newest))) return;
  const tsup = join(ROOT, 'node_modules/tsup/dist/cli-default.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsup], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${app} could not be built: ${stdout}${stderr}`);
}

/** When the newest file below a directory was written; 0 where there is none. */
function newest(directory) {
  if (!existsSync(directory)) return 0;
  const files = readdirSync(directory, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return Math.max(0, ...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}
