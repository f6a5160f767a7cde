import type { Asked } from './known-start.ts';

/**
 * The start that the words of a process ask for.
 * @returns `undefined` when they ask for something else, and for who looks into this process and is to see it plan
 */
export function askedOf(
  { argv, execArgv, env, cwd, geteuid, getegid }: NodeJS.Process,
  build: string,
): Asked | undefined {
  const [, , verb, ...words] = argv;
  if (verb !== 'run' || execArgv.length > 0 || env['NODE_OPTIONS'] || env['NODE_V8_COVERAGE']) return undefined;
  try {
    return { build, words, cwd: cwd(), uid: geteuid?.() ?? 0, gid: getegid?.() ?? 0 };
  } catch {
    return undefined; // the working directory is gone
  }
}
