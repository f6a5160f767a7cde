/**
 * What every implementation of {@link Group} has to do, as tests for any runner: each version of cgroups runs the same.
 * Needs a kernel with cgroups, the right to make groups, bash and perl.
 * @module
 */
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import type { Group } from './group.ts';
import type { Limits, Resource } from './limits.ts';
import { eventTests } from './testing-events.ts';
import { freezeTests } from './testing-freeze.ts';
import { startBash, startSleeper, startThreads, until } from './testing-process.ts';
import { statsTests } from './testing-stats.ts';

export { probeDevices } from './device-probe.ts';

/** One implementation, on one machine. */
export interface ConformanceDriver {
  /** Makes a group, always at the same place, or takes over the one that is there. */
  create(limits?: Limits): Group;
  /** The limits the kernel holds for the group, read from its files; `'max'` for none. */
  limits(): Required<Limits>;
  /** Directories that the group has when it exists. */
  directories: readonly string[];
  /** Makes a group right below that of `create`. */
  createBelow(name: string): Group;
  /** Moves the calling process back to where it was when the test began. */
  goHome(): void;
  /** Whether its groups can be frozen here. */
  canFreeze: boolean;
}

/** One test of the suite, to be handed to a runner. It takes up to ten seconds. */
export interface ConformanceTest {
  /** What a group does, and when. */
  title: string;
  /** The resources the machine must be able to limit for this test. */
  needs: readonly Resource[];
  /** Throws when the implementation does not do it. Removes its group in either case. */
  body(): Promise<void>;
}

/** More processes than any kernel can number: `pids.max` refuses it with EINVAL. */
const TOO_MANY = 5_000_000;
const BOMB_PIDS = 30;
const STRONG_BOMB_PIDS = 60;

/**
 * The conformance suite.
 * @example
 * for (const { title, body } of conformanceTests(driver)) test(title, body, 30_000);
 */
export function conformanceTests(driver: ConformanceDriver): ConformanceTest[] {
  return [
    ...lifeTests(driver),
    ...limitTests(driver),
    ...processTests(driver),
    ...freezeTests(driver),
    ...statsTests(driver),
    ...eventTests(driver),
  ];
}

function lifeTests(driver: ConformanceDriver): ConformanceTest[] {
  return [
    {
      title: 'a group has its directories from create to delete',
      needs: [],
      async body() {
        const group = driver.create();
        deepEqual(group.directories, driver.directories);
        deepEqual(
          driver.directories.map(existsSync),
          driver.directories.map(() => true),
        );
        await group.delete();
        assertGone(driver);
      },
    },
    {
      title: 'create takes over a group that is there',
      needs: [],
      async body() {
        await using first = driver.create();
        deepEqual(driver.create().directories, first.directories);
      },
    },
    {
      title: 'delete of a group that is gone does nothing',
      needs: [],
      async body() {
        const group = driver.create();
        await group.delete();
        await group.delete();
        await group.killAll();
      },
    },
    {
      title: 'delete of a group with processes names them and leaves the group',
      needs: [],
      async body() {
        await using group = driver.create();
        await using sleeper = startSleeper();
        group.add(sleeper.pid);
        await rejects(group.delete(), (error) => {
          ok(isErrno(error, 'EBUSY'), String(error));
          ok(String(error).includes(String(sleeper.pid)), `${error} names ${sleeper.pid}`);
          return true;
        });
        deepEqual(group.processes(), [sleeper.pid]);
      },
    },
    {
      title: 'leaving the scope of a group ends its processes and removes it',
      needs: [],
      async body() {
        await using sleeper = startSleeper();
        {
          await using group = driver.create();
          group.add(sleeper.pid);
        }
        equal(await sleeper.signal, 'SIGKILL');
        assertGone(driver);
      },
    },
    {
      title: 'a limit the kernel refuses is an error with file and value, and the group is not left behind',
      needs: ['pids'],
      async body() {
        throws(
          () => driver.create({ pids: TOO_MANY }),
          (error) => isErrno(error, 'EINVAL') && /pids\.max.*5000000/.test(String(error)),
        );
        assertGone(driver);
      },
    },
    {
      title: 'a limit that cannot be meant is refused before anything is made',
      needs: [],
      async body() {
        throws(
          () => driver.create({ cpus: 0 }),
          (error) => isErrno(error, 'EINVAL'),
        );
        assertGone(driver);
      },
    },
  ];
}

/** Some limit, and what the kernel makes of zero; memory is a whole number of pages of up to 64 KiB. */
const SOME: Required<Limits> = { pids: 20, memory: 64n << 20n, cpus: 0.5 };
const ZERO: Limits = { pids: 0, memory: 0n };

function limitTests(driver: ConformanceDriver): ConformanceTest[] {
  return [...(['pids', 'memory', 'cpus'] as const).map((resource) => limitTest(driver, resource)), jointTest(driver)];
}

function limitTest(driver: ConformanceDriver, resource: Resource): ConformanceTest {
  return {
    title: `${resource}: not limited unless asked, then limited, left alone, ${resource === 'cpus' ? '' : 'zero, '}and lifted again`,
    needs: [resource],
    async body() {
      // Lifting a limit that was never set also hands the controller down on version 2.
      await using group = driver.create({ [resource]: 'max' });
      equal(driver.limits()[resource], 'max');
      group.update({ [resource]: SOME[resource] });
      equal(driver.limits()[resource], SOME[resource]);
      group.update({});
      equal(driver.limits()[resource], SOME[resource]);
      if (ZERO[resource] !== undefined) {
        group.update({ [resource]: ZERO[resource] });
        equal(driver.limits()[resource], ZERO[resource]);
      }
      group.update({ [resource]: 'max' });
      equal(driver.limits()[resource], 'max');
    },
  };
}

function jointTest(driver: ConformanceDriver): ConformanceTest {
  return {
    title: 'all limits at once; changing one leaves the others',
    needs: ['pids', 'memory', 'cpus'],
    async body() {
      await using group = driver.create(SOME);
      deepEqual(driver.limits(), SOME);
      group.update({ cpus: 1.5 });
      deepEqual(driver.limits(), { ...SOME, cpus: 1.5 });
    },
  };
}

function processTests(driver: ConformanceDriver): ConformanceTest[] {
  return [
    {
      title: 'add moves a process, and processes lists it with its later children',
      needs: [],
      async body() {
        await using group = driver.create();
        deepEqual(group.processes(), []);
        await using parent = startBash('sleep 1000 & echo $!; wait');
        group.add(parent.pid);
        deepEqual(group.processes(), [parent.pid]);
        const child = Number(await parent.go());
        deepEqual(group.processes().sort(byNumber), [parent.pid, child].sort(byNumber));
        await group.killAll();
        deepEqual(group.processes(), []);
      },
    },
    {
      title: 'add of a process that is not there says ESRCH',
      needs: [],
      async body() {
        await using group = driver.create();
        await using sleeper = startSleeper();
        sleeper.end();
        await sleeper.signal;
        throws(
          () => group.add(sleeper.pid),
          (error) => isErrno(error, 'ESRCH') && String(error).includes('cgroup.procs'),
        );
      },
    },
    {
      title: 'add of what is no number of a process is refused, and the caller stays where it is',
      needs: [],
      async body() {
        await using group = driver.create();
        for (const pid of [0, -1, 1.5, Number.NaN]) {
          throws(
            () => group.add(pid),
            (error) => isErrno(error, 'EINVAL') && String(error).includes('cannot be the number of a process'),
          );
          throws(
            () => group.addThread(pid),
            (error) => isErrno(error, 'EINVAL'),
          );
        }
        deepEqual(group.processes(), []);
      },
    },
    {
      title: 'killAll ends a fork bomb, which the limit of pids has held',
      needs: ['pids'],
      async body() {
        await using group = driver.create({ pids: BOMB_PIDS });
        await using bomb = startBash('bomb() { bomb | bomb & }; bomb; wait');
        group.add(bomb.pid);
        bomb.start();
        await until(() => (group.stats(['pids']).pids?.limitHits ?? 0n) > 0n, 'the bomb to meet the limit');
        ok((group.stats(['pids']).pids?.current ?? 99n) <= BigInt(BOMB_PIDS));
        await group.killAll();
        deepEqual(group.processes(), []);
        await group.delete();
        assertGone(driver);
      },
    },
    {
      title: 'killAll wins against a bomb whose every process forks without a pause, also in a group below',
      needs: ['pids'],
      async body() {
        await using group = driver.create({ pids: STRONG_BOMB_PIDS });
        await using below = driver.createBelow('below');
        await using bomb = startBash("exec perl -e 'while (1) { fork }'");
        below.add(bomb.pid);
        bomb.start();
        // Which group counts the hits of the limit depends on the kernel.
        const full = BigInt(STRONG_BOMB_PIDS - 10);
        await until(() => (group.stats(['pids']).pids?.current ?? 0n) > full, 'the bomb to meet the limit');
        await group.killAll();
        deepEqual(group.processes(), []);
        await group.delete();
        assertGone(driver);
      },
    },
    {
      title: 'threads lists those of all its processes, and of the groups below',
      needs: [],
      async body() {
        await using group = driver.create();
        await using below = driver.createBelow('below');
        await using many = startThreads();
        await using sleeper = startSleeper();
        group.add(many.pid);
        below.add(sleeper.pid);
        deepEqual(group.processes().sort(byNumber), [many.pid, sleeper.pid].sort(byNumber));
        // Node begins with one thread and starts its others on the way.
        await until(() => group.threads().length > 5, 'the process to start its threads');
        deepEqual(
          group
            .threads()
            .filter((tid) => tid === many.pid || tid === sleeper.pid)
            .sort(byNumber),
          [many.pid, sleeper.pid].sort(byNumber),
        );
      },
    },
    {
      title: 'delete also removes groups that are made below it meanwhile',
      needs: [],
      async body() {
        await using group = driver.create();
        await using sleeper = startSleeper();
        group.add(sleeper.pid);
        const deleted = group.delete();
        driver.createBelow('late');
        sleeper.end();
        await deleted;
        assertGone(driver);
      },
    },
    {
      title: 'delete with a signal gives up on a living process when that says so',
      needs: [],
      async body() {
        await using group = driver.create();
        await using sleeper = startSleeper();
        group.add(sleeper.pid);
        const reason = new Error('no time');
        await rejects(group.delete({ signal: AbortSignal.abort(reason) }), (error) => error === reason);
        deepEqual(group.processes(), [sleeper.pid]);
      },
    },
    {
      title: 'killAll of an empty group does nothing',
      needs: [],
      async body() {
        await using group = driver.create();
        await group.killAll();
        deepEqual(group.processes(), []);
      },
    },
  ];
}

function assertGone({ directories }: ConformanceDriver): void {
  deepEqual(directories.filter(existsSync), []);
}

function byNumber(a: number, b: number): number {
  return a - b;
}
