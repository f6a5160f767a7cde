import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { create, detect, open, ownHierarchies } from '../src/index.ts';

const resource = needs.root.met && detect().resources.pids.version !== undefined;

needs.describe(needs.root, { what: 'a limit on processes', met: resource })('a group that was made earlier', () => {
  needs.test()('is taken up by its directories: changed, read, ended and removed', async () => {
    const name = `coracle-open-${process.pid}`;
    await using made = create(name, { pids: 20 });
    const taken = open(made.directories);
    expect([...taken.directories].sort()).toEqual([...made.directories].sort());
    taken.update({ pids: 30 });
    expect(made.stats(['pids']).pids?.limit).toBe(30n);
    taken.update({ pids: 'max' });
    expect(taken.stats(['pids']).pids?.limit).toBe('max');
    expect(taken.processes()).toEqual([]);
    await taken.delete();
    expect(made.directories.filter((directory) => existsSync(directory))).toEqual([]);
  });

  needs.test()('that is gone is told of by what is done with it', async () => {
    const made = create(`coracle-open-${process.pid}`, { pids: 20 });
    await made.delete();
    expect(() => open(made.directories).update({ pids: 30 })).toThrow('ENOENT');
  });
});

/** A hierarchy without controllers, as systemd has one on machines with version 1. */
const named = needs.root.met ? ownHierarchies().find(({ options }) => options[0]?.startsWith('name=')) : undefined;

needs.describe(needs.root, {
  what: 'cgroup v1, mounted and writable: a hierarchy with a name alone',
  met: named !== undefined,
})('a group that lies in a hierarchy without controllers too', () => {
  const test = needs.test({ what: 'the v1 controller freezer', met: existsSync('/sys/fs/cgroup/freezer') });
  const directories = (): string[] =>
    [named?.mountPoint, '/sys/fs/cgroup/freezer'].map((top) => `${top}/coracle-open-${process.pid}`);

  test('has its processes ended there as well, and is removed everywhere', async () => {
    for (const path of directories()) mkdirSync(path);
    const sleeper = spawn('sleep', ['1000']);
    const ended = once(sleeper, 'exit');
    const [alone = ''] = directories();
    writeFileSync(`${alone}/cgroup.procs`, `${sleeper.pid}`);
    await using group = open(directories());
    expect(group.processes()).toEqual([sleeper.pid]);
    await group.killAll();
    expect((await ended)[1]).toBe('SIGKILL');
    await group.delete();
    expect(directories().filter(existsSync)).toEqual([]);
  });

  test('takes processes there as well', async () => {
    for (const path of directories()) mkdirSync(path);
    await using group = open(directories());
    const sleeper = spawn('sleep', ['1000']);
    group.add(sleeper.pid ?? 0);
    for (const path of directories()) expect(readFileSync(`${path}/cgroup.procs`, 'utf8')).toBe(`${sleeper.pid}\n`);
  });
});

const isHybrid = needs.root.met && detect().version === 'hybrid' && existsSync('/sys/fs/cgroup/freezer');

needs.describe(needs.root, { what: 'cgroup v1, mounted and writable, with version 2 beside it', met: isHybrid })(
  'a group of both versions that somebody froze on version 1',
  () => {
    needs.test()('is frozen, and goes on when it is thawed', async () => {
      await using made = create(`coracle-open-${process.pid}`, { pids: 20 });
      const freezer = made.directories.find((directory) => existsSync(`${directory}/freezer.state`));
      writeFileSync(`${freezer}/freezer.state`, 'FROZEN');
      const taken = open(made.directories);
      expect(taken.eventSource().read()?.frozen).toBe(true);
      await taken.thaw();
      expect(readFileSync(`${freezer}/freezer.state`, 'utf8')).toBe('THAWED\n');
      expect(taken.eventSource().read()?.frozen).toBe(false);
    });
  },
);
