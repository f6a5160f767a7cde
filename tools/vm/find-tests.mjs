import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const WORKSPACES = [
  'packages/cgroups-core',
  'packages/cgroups-v2',
  'packages/cgroups',
  'packages/container',
  'apps/oci-runtime',
];
const KERNEL_TEST = /\.root\.test\.ts$/;
/**
 * Of a container only its limits have to do with the version of cgroups, its labels with security modules that this computer's
 * kernel may lack, and that of an engine with systemd; the rest would take minutes under emulation, and is there for who asks for it, as
 * on an older kernel.
 */
const PARTS = { 'packages/container/': /limits|\/labels\/(?!relabel-tree)/, 'apps/oci-runtime/': /\/systemd\// };
/**
 * Those that are run when a pattern asks for them: programs for devices need no controller, so they are shown where version 2 is mounted
 * beside version 1, and here the kernel takes a minute and a half to check them; systemd on version 1 alone does what it does
 * on both; of engines' containers and systemd, podman's life of one shows most; the command `limit` takes the calls of which the
 * others here are tests; and version 1 is what most computers without this machine are tested on.
 */
const WHEN_ASKED_FOR =
  /cgroups-v2\/test\/devices\.|\/systemd\/(version-1|limit)\.|\/resources\/version-1\.|oci-runtime\/test\/systemd\/(?!podman\.)/;
const DELEGATION = 'CORACLE_DELEGATED_CGROUP';

/**
 * The tests that need this machine: for cgroups of version 2, or security modules; or those that are asked for. As paths relative to the checkout.
 * @param {string} root the checkout
 * @param {string[]} patterns regular expressions; a path is taken that matches one of them
 * @returns {string[]}
 */
export function findKernelTests(root, patterns) {
  const expressions = patterns.map((pattern) => new RegExp(pattern));
  return WORKSPACES.flatMap((workspace) => filesIn(root, `${workspace}/test`))
    .filter((path) => KERNEL_TEST.test(path))
    .filter((path) =>
      expressions.length === 0
        ? isPart(path) && !WHEN_ASKED_FOR.test(path)
        : expressions.some((expression) => expression.test(path)),
    );
}

function isPart(path) {
  return Object.entries(PARTS).every(([workspace, part]) => !path.startsWith(workspace) || part.test(path));
}

/**
 * Those that can also run as an ordinary user who owns a cgroup: they name the environment variable with its path.
 * @param {string} root the checkout
 * @param {string[]} paths
 */
export function knowingDelegation(root, paths) {
  return paths.filter((path) => readFileSync(join(root, path), 'utf8').includes(DELEGATION));
}

/**
 * Tests by the parameters that the kernel is to be booted with, which a file names in its first line:
 * `// kernel: security=selinux selinux=1`. Most name none.
 * @param {string} root the checkout
 * @param {string[]} paths
 * @returns {Map<string, string[]>} files by parameters; those without (`''`) first
 */
export function byKernelParameters(root, paths) {
  const groups = new Map([['', []]]);
  for (const path of paths) {
    const [, parameters = ''] = /^\/\/ kernel: (.+)\n/.exec(readFileSync(join(root, path), 'utf8')) ?? [];
    groups.set(parameters, [...(groups.get(parameters) ?? []), path]);
  }
  return groups;
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
