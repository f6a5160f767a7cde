import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isLocked } from '@coracle/syscalls';
import { bundledProgram, makeBusyboxRootfs, needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { Container, explainContainer, run } from '../../src/index.ts';
import { makeScratch } from '../mounts/scene.ts';
import { mapsIds } from './file-system.ts';

const [NODE, KEEP_OWN_IDS] = await bundledProgram(new URL('../programs/keep-own-ids.ts', import.meta.url));
const REGISTER = '/run/coracle/ids';
const SLEEP = { command: ['sleep', '60'], userNamespace: 'auto', stdout: 'ignore', stderr: 'ignore' } as const;
const GROUPS = 2 ** 32;

/** Where the ids of a container's root begin on the host. */
function firstIds(pid: number): [uid: number, gid: number] {
  const [uid, gid] = ['uid_map', 'gid_map'].map((file) =>
    Number(readFileSync(`/proc/${pid}/${file}`, 'utf8').trim().split(/\s+/)[1]),
  );
  return [uid ?? 0, gid ?? 0];
}

/** Whether a container is registered with these ids. */
function isRegistered([uid, gid]: [number, number]): boolean[] {
  const fd = openSync(REGISTER, 'r');
  try {
    return [uid, uid + 65535, GROUPS + gid, GROUPS + gid + 65535].map((start) => isLocked(fd, { start, length: 1 }));
  } finally {
    closeSync(fd);
  }
}

const ALL = [true, true, true, true];
const NONE = [false, false, false, false];

async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!isSo() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
}

needs.describe(needs.root)("root's containers with user ids of their own", () => {
  test('have others than every living one, whoever started it and wherever it is recorded', async () => {
    using scratch = makeScratch();
    await using one = await Container.run(SLEEP);
    await using two = await Container.create({ ...SLEEP, stateRoot: scratch.directory('state', 0o700) });
    const others = await Promise.all(Array.from({ length: 6 }, () => Container.run(SLEEP)));
    try {
      const ids = [one, two, ...others].map(({ pid }) => firstIds(pid));
      const firsts = (which: 0 | 1): number[] => ids.map((id) => id[which]).sort((a, b) => a - b);
      for (const which of [0, 1] as const) {
        const sorted = firsts(which);
        for (const [at, start] of sorted.entries())
          if (at > 0) expect(start - (sorted[at - 1] ?? 0)).toBeGreaterThanOrEqual(65536);
      }
      expect(ids.map(isRegistered)).toEqual(ids.map(() => ALL));
    } finally {
      for (const other of others) await other[Symbol.asyncDispose]();
    }
  });

  test('give them back at their end, and the next one has them', async () => {
    const box = await Container.run(SLEEP);
    const ids = firstIds(box.pid);
    await box[Symbol.asyncDispose]();
    expect(isRegistered(ids)).toEqual(NONE);
    await using next = await Container.run(SLEEP);
    expect(firstIds(next.pid)[0]).toBeLessThanOrEqual(ids[0]);
  });

  test('give them back when caller and monitor are killed', async () => {
    const caller = spawn(NODE, [KEEP_OWN_IDS], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: caller.stdout }), 'line');
    const { pid, monitor } = JSON.parse(line);
    const ids = firstIds(pid);
    expect(isRegistered(ids)).toEqual(ALL);
    process.kill(monitor, 'SIGKILL');
    caller.kill('SIGKILL');
    await until(() => isRegistered(ids).every((one) => !one));
    expect(isRegistered(ids)).toEqual(NONE);
    await run('true', [], { userNamespace: 'auto' }); // sweeps up what it left
  }, 20_000);

  test('can be told apart by the files that they make', async () => {
    using scratch = makeScratch();
    const volumes = [{ source: scratch.directory('shared', 0o777), target: '/data' }];
    const make = { ...SLEEP, command: ['sh', '-c', 'umask 077; echo secret > /data/$NAME; sleep 60'], volumes };
    await using one = await Container.run({ ...make, env: { NAME: 'one' } });
    await using two = await Container.run({ ...make, env: { NAME: 'two' } });
    const read = (box: Container, name: string): Promise<string> =>
      box
        .exec(['sh', '-c', `until test -e /data/${name}; do :; done; cat /data/${name} 2>&1`])
        .then(({ stdout }) => stdout);
    expect(await read(one, 'one')).toBe('secret\n');
    expect(await read(one, 'two')).toContain('Permission denied');
    expect(await read(two, 'one')).toContain('Permission denied');
  });

  test('take them as their first step, as it is explained', () => {
    const [first] = explainContainer({ command: ['true'], userNamespace: 'auto' });
    const calls = first?.steps.map(({ call }) => call) ?? [];
    expect(calls).toContainEqual(expect.stringContaining(`"${REGISTER}", O_RDWR|O_CREAT`));
    expect(calls.filter((call) => call.startsWith('fcntl'))).toHaveLength(2);
    const without = explainContainer({ command: ['true'] })[0]?.steps.map(({ call }) => call);
    expect(without).not.toContainEqual(expect.stringContaining(REGISTER));
  });

  needs.test(
    needs.root,
    needs.program('busybox'),
    mapsIds,
  )('whose root directory was given to ids have them together, and nobody else has them', async () => {
    using rootfs = makeBusyboxRootfs();
    let ids: [number, number];
    {
      await using box = await Container.run(SLEEP);
      ids = firstIds(box.pid);
    }
    chownSync(rootfs.path, ...ids);
    const options = { ...SLEEP, root: rootfs.path };
    await using one = await Container.run(options);
    await using two = await Container.run(options);
    await using other = await Container.run(SLEEP);
    expect([one, two].map(({ pid }) => firstIds(pid))).toEqual([ids, ids]);
    expect(firstIds(other.pid)[0]).not.toBe(ids[0]);
    expect(isRegistered(ids)).toEqual(ALL);
  });

  needs.test(
    needs.root,
    needs.program('busybox'),
    mapsIds,
  )('whose root directory was given to the ids of a living one are refused, with what to do', async () => {
    using rootfs = makeBusyboxRootfs();
    await using box = await Container.run(SLEEP);
    chownSync(rootfs.path, ...firstIds(box.pid));
    await expect(run('true', [], { root: rootfs.path, userNamespace: 'auto' })).rejects.toMatchObject({
      code: 'EBUSY',
      path: rootfs.path,
      hint: expect.stringContaining('chown -R 0:0'),
    });
  });
});

describe('without root', () => {
  test('nothing is registered', () => {
    const steps = explainContainer({ command: ['true'] }).flatMap((part) => part.steps);
    expect(steps.map(({ call }) => call)).not.toContainEqual(expect.stringContaining('/ids"'));
  });
});
