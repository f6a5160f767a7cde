import type { Plugin } from 'esbuild';

/** What has to go with a bundle that others' packages are in. */
export function licensesOfBundled(): { plugin: Plugin; write: (directory: string) => void };
