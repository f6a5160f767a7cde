import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const WORKSPACES = ['packages/cgroups-core', 'packages/cgroups-v2', 'packages/cgroups', 'packages/container'];
const KERNEL_TEST = /\.root\.test\.ts$/;
/** Of a container only its limits have to do with the version of cgroups; the rest would take minutes under emulation. */
const CONTAINER_TESTS = /limits/;
const DELEGATION = 'CORACLE_DELEGATED_CGROUP';

/**
 * The tests that touch cgroups and can do so on version 2, as paths relative to the checkout.
 * @param {string} root the checkout
 * @param {string[]} patterns regular expressions; a path is taken that matches one of them (none: every path)
 * @returns {string[]}
 */
export function findKernelTests(root, patterns) {
  const expressions = patterns.map((pattern) => new RegExp(pattern));
  return WORKSPACES.flatMap((workspace) => filesIn(root, `${workspace}/test`))
    .filter((path) => KERNEL_TEST.test(path) && (!path.startsWith('packages/container/') || CONTAINER_TESTS.test(path)))
    .filter((path) => expressions.length === 0 || expressions.some((expression) => expression.test(path)));
}

/**
 * Those that can also run as an ordinary user who owns a cgroup: they name the environment variable with its path.
 * @param {string} root the checkout
 * @param {string[]} paths
 */
export function knowingDelegation(root, paths) {
  return paths.filter((path) => readFileSync(join(root, path), 'utf8').includes(DELEGATION));
}

/** @param {string[]} paths of tests */
export function workspacesOf(paths) {
  return WORKSPACES.filter((workspace) => paths.some((path) => path.startsWith(`${workspace}/`)));
}

function filesIn(root, directory) {
  try {
    return readdirSync(join(root, directory), { recursive: true })
      .map((name) => `${directory}/${name}`)
      .sort();
  } catch (error) {
    if (error.code === 'ENOENT') return []; // the workspace has no tests yet
    throw error;
  }
}
