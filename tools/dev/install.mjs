import { existsSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './run.mjs';

/**
 * Installs every workspace's dependencies as the lock file says. Needs npm and nothing else: the package manager itself
 * is fetched in the version that package.json names.
 * @param {string} root the checkout
 * @throws {import('./run.mjs').ToolError}
 */
export async function install(root) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const borrowed = homeIsUsable() ? undefined : mkdtempSync(join(tmpdir(), 'coracle-home-'));
  try {
    await run('npx', ['--yes', '--loglevel=error', packageManager, 'install', '--frozen-lockfile', '--loglevel=info'], {
      cwd: root,
      env: { ...process.env, CI: 'true', ...(borrowed ? homeIn(borrowed) : {}) },
      show: 'always',
    });
  } finally {
    if (borrowed) rmSync(borrowed, { recursive: true, force: true });
  }
}

/** npm and pnpm keep their caches at home; a service's user may have none, or one that belongs to root. */
function homeIsUsable() {
  try {
    const home = homedir();
    return [home, process.env.npm_config_cache ?? join(home, '.npm')].every(canCreateIn);
  } catch {
    return false; // no HOME and no line in /etc/passwd
  }
}

/** Tried, not asked: root is told that it may write to /proc and to a read-only file system. */
function canCreateIn(directory) {
  let nearest = directory;
  while (!existsSync(nearest) && nearest !== dirname(nearest)) nearest = dirname(nearest);
  try {
    rmdirSync(mkdtempSync(join(nearest, '.coracle-')));
    return true;
  } catch {
    return false;
  }
}

function homeIn(directory) {
  const userconfig = process.env.npm_config_userconfig ?? join(process.env.HOME ?? directory, '.npmrc');
  return {
    HOME: directory,
    npm_config_userconfig: userconfig,
    npm_config_cache: join(directory, 'npm'),
    npm_config_store_dir: join(directory, 'store'),
    XDG_CACHE_HOME: join(directory, 'cache'),
    XDG_DATA_HOME: join(directory, 'data'),
    XDG_STATE_HOME: join(directory, 'state'),
    XDG_CONFIG_HOME: join(directory, 'config'),
  };
}
