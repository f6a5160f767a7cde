import { type FileOperation, type ReadFile, setFile } from './file-operation.ts';

/**
 * Writes of the weights that single disks have now: the scheduler BFQ forgets them when the weight for all is written.
 * @param path of the file that shows them
 * @see the kernel's block/bfq-iosched documentation
 * @example
 * weightsKept('/sys/fs/cgroup/box/io.bfq.weight', () => 'default 100\n7:0 700\n'); // one write, of '7:0 700'
 */
export function weightsKept(path: string, read: ReadFile): FileOperation[] {
  const lines = (read(path) ?? '').split('\n').filter((line) => /^\d+:\d+ \d+$/.test(line));
  return lines.map((line) => setFile(path, line, 'leave the weight at this disk as it is'));
}
