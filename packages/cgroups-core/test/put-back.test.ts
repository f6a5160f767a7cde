import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type FileOperation, planPutBack, runAsFarAs } from '../src/index.ts';

describe('what undoes a write, by what the file said before', () => {
  test.each([
    ['pids.max', '20', 'max\n', 'max'],
    ['cpu.max', '50000 100000', 'max 100000\n', 'max 100000'],
    ['memory.limit_in_bytes', '4096', '9223372036854771712\n', '9223372036854771712'],
    ['memory.oom_control', '1', 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n', '0'],
    ['cpuset.cpus', '0-1', '\n', '\n'],
    ['cpuset.cpus.partition', 'root', 'isolated invalid (Parent is not a partition root)\n', 'isolated'],
    ['io.max', '8:0 rbps=5', '8:0 rbps=7 wbps=max riops=max wiops=max\n', '8:0 rbps=7 wbps=max riops=max wiops=max'],
    ['io.max', '8:0 rbps=5', '8:16 rbps=7 wbps=max\n', '8:0 rbps=max wbps=max riops=max wiops=max'],
    ['io.weight', '200', 'default 100\n8:0 50\n', 'default 100'],
    ['io.weight', '8:0 200', 'default 100\n8:0 50\n', '8:0 50'],
    ['io.weight', '8:0 200', 'default 100\n', '8:0 default'],
    ['io.bfq.weight', '300', 'default 100\n', 'default 100'],
    ['io.latency', '8:0 target=5', '', '8:0 target=max'],
    ['blkio.weight', '300', '500\n', '500'],
    ['blkio.bfq.weight_device', '8:0 300', '', '8:0 default'],
    ['blkio.throttle.read_bps_device', '8:0 1000', '8:0 2000\n', '8:0 2000'],
    ['blkio.throttle.read_bps_device', '8:0 1000', '8:16 2000\n', '8:0 0'],
    ['rdma.max', 'mlx5_0 hca_handle=2', 'mlx5_0 hca_handle=max hca_object=9\n', 'mlx5_0 hca_handle=max hca_object=9'],
    ['misc.max', 'sev 3', 'sev max\nsev_es 5\n', 'sev max'],
    ['net_prio.ifpriomap', 'eth0 5', 'lo 0\neth0 2\n', 'eth0 2'],
    ['net_cls.classid', '65537', '0\n', '0'],
    ['hugetlb.2MB.max', '0', '9223372036854771712\n', '9223372036854771712'],
  ])('%s, %j after %j: %j', (file, value, before, undoing) => {
    expect(planPutBack({ operation: write(`/box/${file}`, value), before })).toMatchObject({
      path: `/box/${file}`,
      value: undoing,
    });
  });

  test.each([
    ['memory.reclaim', '1m', undefined],
    ['cgroup.kill', '1', undefined],
    ['cgroup.subtree_control', '+pids', 'cpu memory\n'],
    ['misc.max', 'sev 3', 'sev_es 5\n'],
    ['some.file', '1', 'several\nlines\n'],
  ])('%s, %j after %j: nothing can', (file, value, before) => {
    expect(planPutBack({ operation: write(`/box/${file}`, value), before })).toBeUndefined();
  });
});

describe('a change that fails', () => {
  const door = { isCgroup: () => true };
  let box: string;
  beforeEach(() => {
    box = mkdtempSync(join(tmpdir(), 'coracle-put-back-'));
    for (const [file, text] of Object.entries(BEFORE)) writeFileSync(join(box, file), text);
  });
  afterEach(() => rmSync(box, { recursive: true }));
  const at = (file: string, value: string) => write(join(box, file), value);
  const texts = (): Record<string, string> =>
    Object.fromEntries(Object.keys(BEFORE).map((file) => [file, readFileSync(join(box, file), 'utf8')]));

  // A file that is none of the kernel's keeps what stands behind the text that is written.
  const BEFORE = { 'pids.max': 'max\n', 'memory.max': '4096\n', 'cpu.max': 'max 100000\n' };

  test('puts back what was written before, and the error names the files', () => {
    const change = [at('pids.max', '7'), at('memory.max', '8192'), at('cpu.max', '5 10'), at('io.max', '8:0 rbps=1')];
    expect(() => runAsFarAs(change, 'strict', door)).toThrow(
      expect.objectContaining({
        code: 'ENOENT',
        path: join(box, 'io.max'),
        detail: 'value "8:0 rbps=1"; put back as before: cpu.max, memory.max, pids.max',
        suppressed: [],
      }),
    );
    expect(texts()).toEqual(BEFORE);
  });

  test('says what could not be put back', () => {
    writeFileSync(join(box, 'memory.reclaim'), '');
    const change = [at('memory.reclaim', '1m'), at('pids.max', '7'), at('io.max', '8:0 rbps=1')];
    expect(() => runAsFarAs(change, 'strict', door)).toThrow(
      expect.objectContaining({
        detail: expect.stringMatching(/put back as before: pids\.max; changed: memory\.reclaim$/),
      }),
    );
  });

  test('keeps the error of a way back that fails beside the first', () => {
    const change = function* (): Generator<FileOperation> {
      yield at('pids.max', '7');
      rmSync(join(box, 'pids.max'));
      yield at('io.max', '8:0 rbps=1');
    };
    expect(() => runAsFarAs(change(), 'strict', door)).toThrow(
      expect.objectContaining({
        path: join(box, 'io.max'),
        detail: expect.stringContaining('; changed: pids.max'),
        suppressed: [expect.objectContaining({ code: 'ENOENT', path: join(box, 'pids.max') })],
      }),
    );
  });

  test('what was left out before the failure is not put back', () => {
    const change = [at('pids.missing', '7'), at('pids.max', '7'), at('gone/io.max', '8:0 rbps=1')];
    expect(() => runAsFarAs(change, 'best-effort', door)).toThrow(
      expect.objectContaining({ detail: 'value "8:0 rbps=1"; put back as before: pids.max' }),
    );
  });

  test('a group that goes again is left as it is', () => {
    const change = [at('pids.max', '7'), at('io.max', '8:0 rbps=1')];
    expect(() => runAsFarAs(change, 'strict', { ...door, putBack: false })).toThrow(
      expect.objectContaining({ detail: 'value "8:0 rbps=1"' }),
    );
    expect(texts()['pids.max']).toMatch(/^7/);
  });

  test('a file that can only be written is written', () => {
    writeFileSync(join(box, 'cgroup.kill'), '');
    chmodSync(join(box, 'cgroup.kill'), 0o200);
    expect(runAsFarAs([at('cgroup.kill', '1')], 'strict', door)).toEqual([]);
  });

  test('what cannot be read is refused before it is written, unless it comes last and so is never put back', () => {
    mkdirSync(join(box, 'a directory'));
    const unreadable = at('a directory', '7');
    const failing = (change: FileOperation[]) => expect(() => runAsFarAs(change, 'strict', door)).toThrow;
    failing([unreadable, at('pids.max', '7')])(expect.objectContaining({ code: 'EISDIR', syscall: 'read' }));
    failing([unreadable])(expect.objectContaining({ code: 'EISDIR', syscall: 'write' }));
  });

  test('the same write twice is two writes', () => {
    const twice = at('pids.max', '7');
    runAsFarAs([twice, at('memory.max', '8192'), twice], 'strict', door);
    expect(texts()['memory.max']).toBe('8192\n');
  });

  test('what is written once more at the end is put back, if the change fails before', () => {
    const twice = at('pids.max', '7');
    expect(() => runAsFarAs([twice, at('not there', '1'), twice], 'strict', door)).toThrow();
    expect(texts()['pids.max']).toBe(BEFORE['pids.max']);
  });

  test('wherever it fails, and whatever was written how often, all is as it was', () => {
    const files = Object.keys(BEFORE);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...files), fc.stringMatching(/^[1-9]\d{2}$/)), { maxLength: 8 }),
        (writes) => {
          for (const [file, text] of Object.entries(BEFORE)) writeFileSync(join(box, file), text);
          const change = [...writes.map(([file, value]) => at(file, value)), at('missing', '1')];
          expect(() => runAsFarAs(change, 'strict', door)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
          for (const [file, text] of Object.entries(BEFORE)) expect(texts()[file]).toBe(text);
        },
      ),
      { numRuns: 50 },
    );
  });
});

function write(path: string, value: string): FileOperation & { kind: 'write' } {
  return { kind: 'write', path, value, why: 'limit' };
}
