/** Whether somebody looks into this process: a profiler, or who measures what of the program its tests run. */
export function isObserved({ execArgv, env }: Pick<NodeJS.Process, 'execArgv' | 'env'>): boolean {
  return execArgv.length > 0 || Boolean(env['NODE_OPTIONS'] || env['NODE_V8_COVERAGE']);
}
