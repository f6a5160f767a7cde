import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import type { ConformanceDriver, ConformanceTest } from './testing.ts';
import { startBash, startSleeper, until } from './testing-process.ts';

/** What it takes to freeze is not the same on both versions: a driver says by `canFreeze` that its groups can be. */
export function freezeTests(driver: ConformanceDriver): ConformanceTest[] {
  if (!driver.canFreeze) return [];
  return [
    {
      title: 'freeze stops a busy process, and thaw lets it go on',
      needs: [],
      async body() {
        await using group = driver.create();
        await using busy = startBash('while :; do :; done');
        group.add(busy.pid);
        busy.start();
        await until(() => ticksOf(busy.pid) > 2, 'the process to be busy');
        await group.freeze();
        const before = ticksOf(busy.pid);
        // Another process gets as much time as would show in the ticks of this one.
        await spend(10);
        equal(ticksOf(busy.pid), before);
        await group.thaw();
        await until(() => ticksOf(busy.pid) > before, 'the process to go on');
      },
    },
    {
      title: 'freeze holds a fork bomb, and killAll ends it frozen',
      needs: ['pids'],
      async body() {
        await using group = driver.create({ pids: 30 });
        await using bomb = startBash('bomb() { bomb | bomb & }; bomb; wait');
        group.add(bomb.pid);
        bomb.start();
        await until(() => (group.stats(['pids']).pids?.limitHits ?? 0n) > 0n, 'the bomb to meet the limit');
        await group.freeze();
        const held = group.processes().sort();
        ok(held.length > 1, `${held.length} processes`);
        await spend(10);
        deepEqual(group.processes().sort(), held);
        await group.killAll();
        deepEqual(group.processes(), []);
      },
    },
    {
      title: 'freezing from inside the group is refused: nobody could thaw the caller',
      needs: [],
      async body() {
        await using group = driver.create();
        group.add(process.pid);
        try {
          await rejects(group.freeze(), (error) => isErrno(error, 'EDEADLK'));
        } finally {
          driver.goHome();
        }
      },
    },
    {
      title: 'freeze with a signal that is aborted already leaves the group thawed',
      needs: [],
      async body() {
        await using group = driver.create();
        await using sleeper = startSleeper();
        group.add(sleeper.pid);
        const reason = new Error('no time');
        await rejects(group.freeze({ signal: AbortSignal.abort(reason) }), (error) => error === reason);
        // What is frozen does not die of a signal on version 1.
        sleeper.end();
        equal(await sleeper.signal, 'SIGKILL');
      },
    },
    {
      title: 'a group below a frozen one cannot be thawed, and says so; a group above thaws without those below',
      needs: [],
      async body() {
        await using group = driver.create();
        await using below = driver.createBelow('below');
        await using sleeper = startSleeper();
        below.add(sleeper.pid);
        await group.freeze();
        await rejects(below.thaw(), (error) => isErrno(error, 'EBUSY') && /above/.test(String(error)));
        await below.freeze();
        await group.thaw();
        equal(below.eventSource().read()?.frozen, true);
        // Frozen by itself as it is, it is ended all the same.
        await group.killAll();
        equal(await sleeper.signal, 'SIGKILL');
      },
    },
    {
      title: 'freeze of a group that is gone says ENOENT',
      needs: [],
      async body() {
        const group = driver.create();
        await group.delete();
        await rejects(group.freeze(), (error) => isErrno(error, 'ENOENT'));
        await rejects(group.thaw(), (error) => isErrno(error, 'ENOENT'));
      },
    },
  ];
}

/** Time of the processor that a process had, in hundredths of a second; see proc_pid_stat(5). */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Runs a process of its own until that has had some hundredths of a second of processor time. */
async function spend(ticks: number): Promise<void> {
  await using busy = startBash('while :; do :; done');
  busy.start();
  await until(() => ticksOf(busy.pid) > ticks, 'another process to have its time');
}
