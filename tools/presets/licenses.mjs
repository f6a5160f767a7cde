import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files of a package: `.../node_modules/long/` or `.../node_modules/@scope/name/`. */
const OF_PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//;

/**
 * What has to go with a bundle that others' packages are in: an esbuild plugin that looks which are put in, and a function that then writes
 * their licences.
 * @returns {{ plugin: import('esbuild').Plugin, write: (directory: string) => void }} `write`: a file `NOTICES` in the directory of the
 *   bundle, none where it has nothing of others
 */
export function licensesOfBundled() {
  const packages = new Set();
  const plugin = {
    name: 'licenses-of-bundled',
    setup({ onLoad }) {
      onLoad({ filter: /\/node_modules\// }, ({ path }) => {
        const [directory] = OF_PACKAGE.exec(path) ?? [];
        if (directory) packages.add(directory);
        return undefined; // somebody else loads it
      });
    },
  };
  const write = (directory) => {
    const texts = [...packages].sort().map(licenseOf);
    // A name with LICENSE in it would keep pnpm from putting our own license into the package.
    if (texts.length > 0) writeFileSync(join(directory, 'NOTICES'), `${PREFACE}\n${texts.join('\n')}`);
  };
  return { plugin, write };
}

const PREFACE =
  'The program here has in it, beside its own code, that of the packages below, each under its own license.\n';

function licenseOf(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const files = readdirSync(directory).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  if (files.length === 0)
    throw new Error(`${name} has no file with its license, which has to go with its code: ${dirname(directory)}`);
  const texts = files.map((file) => readFileSync(join(directory, file), 'utf8').trim());
  return `${'='.repeat(80)}\n${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`;
}
