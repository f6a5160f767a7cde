/**
 * The environment of a program that is timed: without certificates that Node would read before anything else on a machine which has
 * some of its own, and without options for Node. Neither is a part of anybody's start.
 */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_EXTRA_CA_CERTS: undefined, NODE_OPTIONS: undefined };
}
