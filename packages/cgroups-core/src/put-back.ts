import { basename } from 'node:path';
import { type FileOperation, setFile } from './file-operation.ts';

/** A write, and what its file said right before: `undefined` where that could not be read. */
export interface Written {
  operation: FileOperation & { kind: 'write' };
  before: string | undefined;
}

/** Files with a line for each disk, device or interface; a write is about one of them. */
const KEYED = /^(io\.(max|weight|bfq\.weight|latency)|blkio\..*_device|rdma\.max|misc\.max|net_prio\.ifpriomap)$/;

/** What a line would say that is not there, without the key: the file shows only what is not as it is for all. */
const UNSAID: readonly [file: RegExp, value: string][] = [
  [/^io\.max$/, 'rbps=max wbps=max riops=max wiops=max'],
  [/^io\.latency$/, 'target=max'],
  [/weight(_device)?$/, 'default'],
  [/^blkio\.throttle\./, '0'],
];

/**
 * The write that undoes another, from what the file said before.
 * @returns `undefined` where the file does not tell how: it could not be read, or asks for something to be done
 *   (`memory.reclaim`, `cgroup.subtree_control`)
 * @example
 * const operation = setFile('/sys/fs/cgroup/box/pids.max', '20', 'allow 20 processes');
 * if (operation.kind === 'write') planPutBack({ operation, before: 'max\n' }); // writes max
 */
export function planPutBack({ operation: { path, value }, before }: Written): FileOperation | undefined {
  const file = basename(path);
  const was = before === undefined ? undefined : KEYED.test(file) ? lineOf(file, value, before) : textOf(file, before);
  return was === undefined ? undefined : setFile(path, was, `put ${file} back as it was`);
}

function lineOf(file: string, value: string, before: string): string | undefined {
  const [first = '', ...rest] = value.split(' ');
  const key = rest.length === 0 ? 'default' : first;
  const line = before.split('\n').find((one) => one.startsWith(`${key} `));
  const unsaid = UNSAID.find(([pattern]) => pattern.test(file))?.[1];
  return line ?? (unsaid === undefined ? undefined : `${key} ${unsaid}`);
}

/** Files that begin a deed, or take a change and show the result. */
const NO_SETTING =
  /^(memory\.(reclaim|force_empty|peak|max_usage_in_bytes)|cgroup\.(kill|subtree_control|type|procs))$/;

function textOf(file: string, before: string): string | undefined {
  if (NO_SETTING.test(file)) return undefined;
  if (file === 'memory.oom_control') return /^oom_kill_disable (\d)/m.exec(before)?.[1];
  const [line = '', ...more] = before.trim().split('\n');
  if (more.length > 0) return undefined;
  // An invalid partition says why in brackets. The kernel takes an empty line, but no empty text.
  return (file === 'cpuset.cpus.partition' ? line.split(' ')[0] : line) || '\n';
}
