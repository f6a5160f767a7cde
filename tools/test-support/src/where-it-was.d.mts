import type { Plugin } from 'esbuild';

/** What a module that is put in a bundle says of its own place stays true, but for one whose path ends in `but`. */
export function whereItWas(options?: { but?: string }): Plugin;
