import type { Plugin } from 'esbuild';

/** What is left out of the bundle of a command. */
export const BUNDLE_PLUGINS: Plugin[];
