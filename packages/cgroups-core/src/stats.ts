/** What a group has used; `undefined` where this kernel, version or controller does not count it. */
export interface Stats {
  /** Processor time of all processes that were ever in it, in microseconds. */
  cpuUsec: bigint | undefined;
  /** In use now. */
  memoryBytes: bigint | undefined;
  /** The most that was ever in use at once. */
  memoryPeakBytes: bigint | undefined;
  /** Processes and threads there are now. */
  pids: bigint | undefined;
  /** How often something could not be born because of the limit. */
  pidsMaxHits: bigint | undefined;
  /** Processes the kernel killed for want of memory. */
  oomKills: bigint | undefined;
}

/**
 * The number a file of the kernel holds alone.
 * @returns `undefined` for an empty or unreadable text
 * @example
 * parseNumber('4096\n'); // 4096n
 */
export function parseNumber(text: string | undefined): bigint | undefined {
  const trimmed = text?.trim() ?? '';
  return /^\d+$/.test(trimmed) ? BigInt(trimmed) : undefined;
}

/**
 * The number behind a key, in a file of lines `key number`, as cgroups(7) calls flat keyed.
 * @example
 * parseKeyed('low 0\noom_kill 2\n', 'oom_kill'); // 2n
 */
export function parseKeyed(text: string | undefined, key: string): bigint | undefined {
  const line = text?.split('\n').find((one) => one.startsWith(`${key} `));
  return parseNumber(line?.slice(key.length + 1));
}
