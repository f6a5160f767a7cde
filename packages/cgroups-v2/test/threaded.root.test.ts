import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from '@coracle/errors';
import { Agent, CLONE, clone3, flags, step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { CgroupV2 } from '../src/index.ts';

const parent = findParent();
const name = `coracle-test-threaded-${process.pid}`;
const directory = `${parent}/${name}`;

describe('a threaded group', () => {
  testHere('takes one thread of a process, whose others stay in the group above', async () => {
    await using server = CgroupV2.create({ parent: `${parent}`, name });
    await using program = await startThreads();
    server.add(program.pid);
    await using workers = CgroupV2.create({ parent: directory, name: 'workers' }, { cpus: 0.5 }, { threaded: true });
    const [worker = 0] = program.threads.filter((tid) => tid !== program.pid);
    workers.addThread(worker);
    expect(workers.threads()).toEqual([worker]);
    expect(workers.processes()).toEqual([]);
    expect(server.processes()).toEqual([program.pid]);
    expect(server.threads().sort()).toEqual(threadsOf(program.pid).sort());
    expect(readFileSync(`${directory}/workers/cpu.max`, 'utf8')).toBe('50000 100000\n');
    expect(readFileSync(`${directory}/cgroup.type`, 'utf8')).toBe('domain threaded\n');
    // Single threads cannot be killed; who holds their processes can.
    await expect(workers.killAll()).rejects.toMatchObject({
      code: 'EOPNOTSUPP',
      hint: expect.stringContaining('domain threaded'),
    });
    await expect(workers.delete({ signal: AbortSignal.abort() })).rejects.toThrow();
    await server.killAll();
    expect(await program.end).toEqual([null, 'SIGKILL']);
  });

  testHere('leaving its scope gives its threads back to the group above, alive', async () => {
    await using server = CgroupV2.create({ parent: `${parent}`, name });
    await using program = await startThreads();
    server.add(program.pid);
    {
      await using workers = CgroupV2.create({ parent: directory, name: 'workers' }, {}, { threaded: true });
      workers.addThread(program.pid);
      expect(workers.threads()).toEqual([program.pid]);
    }
    expect(readdirSync(directory)).not.toContain('workers');
    expect(server.threads()).toContain(program.pid);
  });

  testHere('a thread of a process that is elsewhere is refused, with what to do', async () => {
    await using server = CgroupV2.create({ parent: `${parent}`, name });
    await using workers = CgroupV2.create({ parent: directory, name: 'workers' }, {}, { threaded: true });
    await using program = await startThreads();
    expect(() => workers.addThread(program.pid)).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP', hint: expect.stringContaining('add the whole process first') }),
    );
    expect(() => server.addThread(program.pid)).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP', message: expect.stringContaining('whole processes only') }),
    );
  });

  testHere('the groups on the way hand down everything, the last of them what threads can have', async () => {
    await using server = CgroupV2.open(directory);
    await using _made = CgroupV2.create(
      { parent: `${parent}`, name: `${name}/a/workers` },
      { pids: 9 },
      { threaded: true, controllers: ['memory'] },
    );
    expect(wordsIn('cgroup.subtree_control')).toEqual(['memory', 'pids']);
    expect(wordsIn('a/cgroup.subtree_control')).toEqual(['pids']);
    expect(wordsIn('a/workers/cgroup.type')).toEqual(['threaded']);
    await server.delete();
  });

  testHere(
    'memory is refused with the alternative before anything is made, and left out where that is allowed',
    async () => {
      await using _made = CgroupV2.create({ parent: `${parent}`, name });
      const place = { parent: directory, name: 'workers' };
      expect(() => CgroupV2.create(place, { memory: '64m' }, { threaded: true })).toThrow(
        expect.objectContaining({
          code: 'EOPNOTSUPP',
          hint: expect.stringContaining('limit memory in the group above'),
        }),
      );
      expect(readdirSync(directory)).not.toContain('workers');
      const leftOut: string[] = [];
      CgroupV2.create(
        place,
        { memory: '64m', pids: 7 },
        {
          threaded: true,
          mode: 'best-effort',
          onLeftOut: (list) => leftOut.push(...list.map(({ resource }) => resource)),
        },
      );
      expect(leftOut).toEqual(['memory']);
      expect(readFileSync(`${directory}/workers/pids.max`, 'utf8')).toBe('7\n');
    },
  );

  testHere('below a group that hands memory down it is refused, naming that', async () => {
    await using _made = CgroupV2.create({ parent: `${parent}`, name: `${name}/plain` }, { memory: '64m' });
    await using above = CgroupV2.open(directory);
    expect(() => CgroupV2.create({ parent: directory, name: 'workers' }, {}, { threaded: true })).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP', message: expect.stringContaining('hands down memory') }),
    );
    expect(readdirSync(directory)).not.toContain('workers');
    await above.delete();
  });

  testHere('a group made plainly in a threaded tree takes nothing, and says what is missing', async () => {
    await using _made = CgroupV2.create({ parent: `${parent}`, name });
    await using workers = CgroupV2.create({ parent: directory, name: 'workers' }, {}, { threaded: true });
    await using program = await startThreads();
    const plain = CgroupV2.create({ parent: `${workers.directories[0]}`, name: 'plain' });
    expect(() => plain.add(program.pid)).toThrow(
      expect.objectContaining({ code: 'EOPNOTSUPP', hint: expect.stringContaining('make it threaded first') }),
    );
  });
});

describe('no internal processes', () => {
  testHere('a process is refused by a group that hands memory down, naming that', async () => {
    await using above = CgroupV2.open(directory);
    await using _made = CgroupV2.create({ parent: `${parent}`, name: `${name}/box` }, { memory: '64m' });
    await using program = await startThreads();
    expect(() => above.add(program.pid)).toThrow(
      expect.objectContaining({ code: 'EBUSY', message: expect.stringContaining('hands memory down') }),
    );
  });

  testHere('limits below a group with processes are refused, naming them', async () => {
    await using above = CgroupV2.create({ parent: `${parent}`, name });
    await using program = await startThreads();
    above.add(program.pid);
    // The kernel refuses memory. With pids alone it would make a threaded tree of it, in which the new group is of no use.
    for (const limits of [{ memory: '64m' }, { pids: 5 }]) {
      expect(() => CgroupV2.create({ parent: directory, name: 'box' }, limits)).toThrow(
        expect.objectContaining({ code: 'EBUSY', message: expect.stringContaining(String(program.pid)) }),
      );
      expect(wordsIn('cgroup.type')).toEqual(['domain']);
      expect(readdirSync(directory)).not.toContain('box');
    }
  });

  testHere('a group that a group above allows no more is refused, naming the file that says so', async () => {
    await using above = CgroupV2.create({ parent: `${parent}`, name }, { unified: { 'cgroup.max.descendants': '0' } });
    expect(() => CgroupV2.create({ parent: `${above.directories[0]}`, name: 'box' })).toThrow(
      expect.objectContaining({ code: 'EAGAIN', hint: expect.stringContaining('cgroup.max.descendants says 0') }),
    );
  });
});

describe('birth in a group', () => {
  testHere('a child that clone3 puts there was never elsewhere', async () => {
    await using group = CgroupV2.create({ parent: `${parent}`, name });
    const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    using agent = Agent.spawn({ fds: [descriptor] });
    try {
      const birth = { flags: flags(CLONE, 'CLONE_INTO_CGROUP'), cgroup: FIRST_GIVEN };
      const steps = [
        clone3(birth, { why: 'have a child in the group', result: 'child' }),
        step('pause', [], { why: 'live on', only: 'child' }),
      ];
      (await agent.channel.run({ steps })).throwIfFailed();
      const [pid = 0, ...others] = group.processes();
      expect(others).toEqual([]);
      expect(pid).toBeGreaterThan(0);
      expect(pid).not.toBe(agent.pid);
      expect(readFileSync(`/proc/${pid}/cgroup`, 'utf8')).toContain(`${name}\n`);
      await group.killAll();
    } finally {
      closeSync(descriptor);
    }
  });
});

/** Where an agent finds the first descriptor that it is given. */
const FIRST_GIVEN = 4;

interface Threads extends AsyncDisposable {
  pid: number;
  threads: number[];
  end: Promise<unknown[]>;
}

/** A process with several threads: another Node. */
async function startThreads(): Promise<Threads> {
  const child = spawn(process.execPath, ['-e', 'console.log("up"); setInterval(() => {}, 1e6)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [pid, end] = [Number(child.pid), once(child, 'exit')];
  await once(child.stdout, 'data');
  while (threadsOf(pid).length < 6) await sleep(5);
  return {
    pid,
    threads: threadsOf(pid),
    end,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await end;
    },
  };
}

function threadsOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map(Number);
}

function wordsIn(file: string): string[] {
  return readFileSync(`${directory}/${file}`, 'utf8').trim().split(' ');
}

function testHere(title: string, body: () => Promise<void>): void {
  if (parent === undefined)
    test.skip(`${title} (skipped: needs cgroup v2, mounted and writable, with its controllers)`, body);
  else test(title, body, 90_000);
}

/** The top of the tree of version 2, where that has the controllers. */
function findParent(): string | undefined {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const top = mounts.find((line) => line.includes(' - cgroup2 '))?.split(' ')[4];
  if (top === undefined) return undefined;
  try {
    accessSync(`${top}/cgroup.procs`, constants.W_OK);
    const controllers = readFileSync(`${top}/cgroup.controllers`, 'utf8').trim().split(' ');
    return ['memory', 'pids', 'cpu'].every((one) => controllers.includes(one)) ? top : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EROFS')) return undefined;
    throw error;
  }
}
