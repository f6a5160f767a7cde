import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * A plugin for esbuild: what a module that is put in a bundle says of its own place stays true.
 * @param {{ but?: string }} [options] the end of the path of one that is to speak of the bundle's
 * @returns {import('esbuild').Plugin}
 */
export function whereItWas({ but } = {}) {
  return {
    name: 'where-it-was',
    setup({ onLoad }) {
      onLoad({ filter: /\.(m?js|ts)$/ }, ({ path }) => {
        if (but !== undefined && path.endsWith(but)) return undefined;
        const contents = readFileSync(path, 'utf8')
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
          .replaceAll('import.meta.filename', JSON.stringify(path))
          .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
        return { loader: path.endsWith('.ts') ? 'ts' : 'js', contents };
      });
    },
  };
}
