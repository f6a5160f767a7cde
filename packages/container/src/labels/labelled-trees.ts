import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { isHosts } from '../idmapped/system-directories.ts';
import { OptionError } from '../options/option-error.ts';
import type { Volume } from '../options/options.ts';

/** A file or directory of the host that gets a SELinux label, with everything in it. */
export interface LabelledTree {
  source: string;
  label: string;
}

/**
 * The volumes that get a label, by which the policy lets the container at them: its own, which no other container has (`'private'`), or
 * one that all have (`'shared'`).
 *
 * There are none where the container has no label, because SELinux is not at work or because none was asked for: it is kept from no
 * file by one, and nothing is to be done, as with Docker.
 * @param mountLabel that of the container's own files
 * @throws {OptionError} for what is the host's own
 */
export function labelledTrees(volumes: readonly Volume[], mountLabel: string | undefined): LabelledTree[] {
  if (!mountLabel) return [];
  return volumes
    .filter(({ relabel }) => relabel !== undefined)
    .map(({ source, relabel }) => {
      const path = realpathSync(resolve(source));
      if (isHosts(path))
        throw new OptionError(
          'volumes',
          `${path} cannot be given another SELinux label (z, Z): it belongs to the system, whose programs would be shut out`,
          'make a directory for the container; or leave z and Z out, and name a type that may read it: --security-opt label=type:TYPE',
        );
      return { source: path, label: relabel === 'shared' ? withoutCategories(mountLabel) : mountLabel };
    });
}

/** The level of those that all containers may use: the lowest, with no category. */
function withoutCategories(label: string): string {
  const [user, role, type, level] = label.split(':');
  return [user, role, type, ...(level === undefined ? [] : ['s0'])].join(':');
}
