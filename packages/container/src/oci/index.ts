/**
 * Containers from the config.json of an OCI bundle, for programs that have one instead of options. Nothing of it is loaded with the
 * package's main entry.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/bundle.md
 * @module
 */
export { configAbilities } from './abilities.ts';
export type { ConfigWarning } from './config-error.ts';
export { endGroup } from './end-group.ts';
export { type PrepareConfigOptions, prepareConfig } from './prepare-config.ts';
export { type ConfigOptions, createFromConfig, type RunConfigOptions, runConfig } from './run-config.ts';
