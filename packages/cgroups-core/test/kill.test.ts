import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SystemError } from '@coracle/errors';
import { describe, expect, test } from '@jest/globals';
import { type Killable, killEach, killUntilEmpty } from '../src/index.ts';

describe('killUntilEmpty', () => {
  test('kills again what was born meanwhile, until nothing is left', async () => {
    const generations = [[7, 8], [9], [10]];
    const killed: number[][] = [];
    await killUntilEmpty(group({ generations, killOnce: (pids) => killed.push(pids) }));
    expect(killed).toEqual([[7, 8], [9], [10]]);
  });

  test('does nothing to an empty group', async () => {
    const killed: number[][] = [];
    await killUntilEmpty(group({ generations: [], killOnce: (pids) => killed.push(pids) }));
    expect(killed).toEqual([]);
  });

  test('the caller in the group is refused before anything is killed: it would freeze itself, or end', async () => {
    const killed: number[][] = [];
    const inside = group({ generations: [[7, process.pid]], killOnce: (pids) => killed.push(pids) });
    await expect(killUntilEmpty(inside)).rejects.toMatchObject({
      code: 'EDEADLK',
      path: '/box',
      message: `EDEADLK: the calling process ${process.pid} is in the group itself, kill '/box'`,
      hint: expect.stringContaining('move it out first'),
    });
    expect(killed).toEqual([]);
  });

  test('goes on while something lives there that has no number in this pid namespace', async () => {
    let looks = 0;
    const killed: number[][] = [];
    await killUntilEmpty({
      directory: '/box',
      processes: () => [],
      isPopulated: () => looks++ < 3,
      killOnce: () => killed.push([]),
    });
    expect(killed).toHaveLength(3);
  });

  test('a signal ends the wait for what does not die, with its own reason', async () => {
    const controller = new AbortController();
    const reason = new Error('long enough');
    let kills = 0;
    const undying: Killable = {
      directory: '/box',
      processes: () => [7],
      killOnce() {
        kills += 1;
        if (kills === 3) controller.abort(reason);
      },
    };
    await expect(killUntilEmpty(undying, { signal: controller.signal })).rejects.toBe(reason);
    expect(kills).toBe(3);
  });

  test('a group that was removed by somebody else meanwhile is empty', async () => {
    let isThere = true;
    const removed: Killable = {
      directory: '/box',
      processes: () => (isThere ? [7] : []),
      killOnce() {
        isThere = false;
        throw new SystemError({ code: 'ENOENT', syscall: 'write', path: '/box/freezer.state' });
      },
    };
    await expect(killUntilEmpty(removed)).resolves.toBeUndefined();
  });

  test.each(['ENOENT', 'EPERM'] as const)('%s of a group that is still populated is the error', async (code) => {
    const error = new SystemError({ code, syscall: 'kill' });
    const failing: Killable = {
      directory: '/box',
      processes: () => [7],
      killOnce() {
        throw error;
      },
    };
    await expect(killUntilEmpty(failing)).rejects.toBe(error);
  });
});

describe('killEach', () => {
  test('ends processes, and passes over those that are gone', async () => {
    const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const ended = once(sleeper, 'exit');
    killEach([Number(sleeper.pid)]);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(() => killEach([Number(sleeper.pid)])).not.toThrow();
  });
});

/** A group whose processes are replaced by the next generation at each kill. */
function group({
  generations,
  killOnce,
}: {
  generations: readonly number[][];
  killOnce(pids: number[]): void;
}): Killable {
  const left = [...generations];
  return {
    directory: '/box',
    processes: () => left[0] ?? [],
    killOnce: () => killOnce(left.shift() ?? []),
  };
}
