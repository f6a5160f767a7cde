import { minify as minifyScript } from '@swc/core';

/**
 * Minifies an expression. All names get short in one go, those that the rest of a split bundle shares with its start as well; only
 * those that it does not declare stay. Functions with one caller become a part of it: each function less is a tenth of a kilobyte
 * less to be read, and made, by every start.
 */
export async function minify(expression) {
  const { code } = await minifyScript(`program = ${expression}`, {
    compress: { passes: 3, ecma: 2020 },
    mangle: true,
    module: false,
    format: { asciiOnly: true },
  });
  return code.slice('program='.length).replace(/;\s*$/, '');
}
