import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { rates } from './rates.ts';
import type { Snapshot, StatsName } from './stats.ts';
import type { ConformanceDriver, ConformanceTest } from './testing.ts';
import { startBash, until } from './testing-process.ts';

const MIB = 1n << 20n;
/** /proc counts in hundredths of a second. */
const SLACK = 100_000_000n;

/** What both versions count alike. */
export function statsTests(driver: ConformanceDriver): ConformanceTest[] {
  return [
    {
      title: 'statistics count what a process does',
      needs: ['pids', 'memory', 'cpus'],
      async body() {
        await using group = driver.create({ pids: 'max', memory: 'max', cpus: 'max' });
        await using busy = startBash('for ((i = 0; i < 20000; i++)); do x+=.; done; echo done; read');
        group.add(busy.pid);
        const before = group.stats();
        await busy.go();
        const after = group.stats();
        const { cpu = {}, memory = {}, pids = {} } = after;
        equal(pids.current, 1n);
        equal(pids.limit, 'max');
        equal(pids.limitHits, 0n);
        isBelow(before.cpu?.usageNanoseconds, cpu.usageNanoseconds);
        isAtMost(memory.workingSetBytes, memory.currentBytes);
        isAtMost(memory.currentBytes, memory.peakBytes);
        isBelow(0n, memory.peakBytes);
        equal(memory.limitBytes, 'max');
        equal(memory.oomKills, 0n);
      },
    },
    {
      title: 'processor time is counted in nanoseconds, and divides into that of programs and of the kernel',
      needs: ['cpus'],
      async body() {
        await using group = driver.create({ cpus: 'max' });
        await using busy = startBash('while :; do :; done');
        const before = group.stats(['cpu']);
        group.add(busy.pid);
        const outside = timeOf(busy.pid);
        busy.start();
        const usage = (): bigint => group.stats(['cpu.usageNanoseconds']).cpu?.usageNanoseconds ?? 0n;
        await until(() => usage() > 500_000_000n, 'half a second of work');
        const atLeast = timeOf(busy.pid) - outside;
        const after = group.stats(['cpu']);
        const atMost = timeOf(busy.pid) - outside;
        const { usageNanoseconds = 0n, userNanoseconds = 0n, systemNanoseconds = 0n } = after.cpu ?? {};
        ok(
          usageNanoseconds > atLeast - SLACK && usageNanoseconds < atMost + SLACK,
          `${usageNanoseconds} is what /proc says of the process: ${atLeast} to ${atMost} ns`,
        );
        const unaccounted = usageNanoseconds - userNanoseconds - systemNanoseconds;
        ok(unaccounted > -SLACK && unaccounted < SLACK, `${unaccounted} ns are neither`);
        const { cpu, seconds } = rates(before, after);
        const processors = cpu?.processors ?? 0;
        ok(processors > 0 && processors < 64, `${processors} processors for ${seconds} seconds`);
      },
    },
    {
      title: 'a limit on processors shows as throttled time',
      needs: ['cpus'],
      async body() {
        await using group = driver.create({ cpus: 0.1 });
        await using busy = startBash('while :; do :; done');
        group.add(busy.pid);
        busy.start();
        const throttled = (): boolean => {
          const { throttledPeriods = 0n, throttledNanoseconds = 0n } = group.stats(['cpu']).cpu ?? {};
          // The time is counted when it is over.
          return throttledPeriods > 1n && throttledNanoseconds > 0n;
        };
        await until(throttled, 'the limit to be met twice');
        const { cpu = {} } = group.stats();
        isAtMost(cpu.throttledPeriods, cpu.periods);
      },
    },
    {
      title: 'what a program holds is anonymous memory in use, and in the working set',
      needs: ['memory'],
      async body() {
        await using group = driver.create({ memory: 256n * MIB });
        await using holder = startBash('x=$(head -c 33554432 /dev/zero | tr "\\0" x); echo done; read');
        group.add(holder.pid);
        await holder.go();
        const { memory = {} } = group.stats(['memory']);
        ok((memory.anonymousBytes ?? 0n) >= 32n * MIB, `${memory.anonymousBytes} bytes of programs`);
        isBelow(memory.anonymousBytes, memory.currentBytes);
        isAtMost(memory.workingSetBytes, memory.currentBytes);
        isBelow(32n * MIB, memory.workingSetBytes);
        equal(memory.limitBytes, 256n * MIB);
        ok((memory.swapBytes ?? 0n) < 256n * MIB, `${memory.swapBytes} bytes in swap`);
      },
    },
    {
      title: 'only the parts that are asked for are read',
      needs: ['pids', 'memory', 'cpus'],
      async body() {
        await using group = driver.create({ pids: 7, memory: 'max', cpus: 'max' });
        deepEqual(partsOf(group.stats([])), []);
        deepEqual(partsOf(group.stats(['pids'])), ['pids']);
        deepEqual(partsOf(group.stats(['memory.currentBytes', 'cpu'])), ['cpu', 'memory']);
        const { pids } = group.stats(['pids.limit']);
        deepEqual(pids, { limit: 7n });
        const names: StatsName[] = ['memory.currentBytes'];
        deepEqual(Object.keys(group.stats(names).memory ?? {}), ['currentBytes']);
      },
    },
    {
      title: 'snapshots are in the order of their making, and a group that is gone has no part',
      needs: [],
      async body() {
        const group = driver.create();
        const first = group.stats();
        await sleep(1);
        const second = group.stats();
        ok(second.atNanoseconds > first.atNanoseconds, `${second.atNanoseconds} is after ${first.atNanoseconds}`);
        await group.delete();
        deepEqual(partsOf(group.stats()), []);
      },
    },
  ];
}

/** The processor time of a process so far, in nanoseconds. @see proc_pid_stat(5), utime and stime */
function timeOf(pid: number): bigint {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return BigInt(Number(fields[11]) + Number(fields[12])) * 10_000_000n;
}

function partsOf({ atNanoseconds: _, ...parts }: Snapshot): string[] {
  return Object.keys(parts);
}

function isBelow(less: bigint | undefined, more: bigint | undefined): void {
  ok(less !== undefined && more !== undefined && less < more, `${less} is less than ${more}`);
}

function isAtMost(less: bigint | undefined, more: bigint | undefined): void {
  ok(less !== undefined && more !== undefined && less <= more, `${less} is at most ${more}`);
}
