import { existsSync, readFileSync } from 'node:fs';
import { needs } from '@coracle/test-support';
import { describe, expect } from '@jest/globals';
import { Container, inspectContainer } from '../src/index.ts';

const it = needs.test(needs.root);

describe('inspectContainer', () => {
  it('tells of a container what its result will tell, and what it was made from', async () => {
    await using box = await Container.run({
      command: ['sleep', '100'],
      name: 'told',
      hostname: 'boat',
      user: '33:33',
      userNamespace: 'auto',
      limits: { pids: 50 },
      rlimits: { nofile: 100 },
      volumes: [{ source: '/srv', target: '/data', readOnly: true }],
    });
    const info = inspectContainer('told');
    expect(info.isolation).toEqual(JSON.parse(JSON.stringify(box.isolation)));
    expect(info).toMatchObject({
      id: box.id,
      name: 'told',
      status: 'running',
      pid: box.pid,
      command: ['sleep', '100'],
      root: 'host',
      hostname: 'boat',
      user: { uid: 33, gid: 33 },
      limits: { pids: 50 },
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 100 }],
      mounts: expect.arrayContaining([expect.objectContaining({ destination: '/data', source: '/srv' })]),
    });
    expect(Date.parse(info.started ?? '')).toBeGreaterThanOrEqual(Date.parse(info.created));
    const [mapping] = info.idMaps?.uids ?? [];
    expect(readFileSync(`/proc/${box.pid}/uid_map`, 'utf8').trim().split(/\s+/).map(Number)).toEqual(
      mapping && [mapping.containerId, mapping.hostId, mapping.size],
    );
    expect(info.cgroups.every((directory) => existsSync(directory))).toBe(true);
    expect(inspectContainer(box.id.slice(0, 8))).toEqual(info);
  });

  it('tells of one that waits to be started, and that it was started when it is', async () => {
    await using box = await Container.create({ command: ['sleep', '100'] });
    const waiting = inspectContainer(box.id);
    expect(waiting).toMatchObject({ status: 'created', pid: box.pid });
    expect(waiting.started).toBeUndefined();
    await box.start();
    expect(inspectContainer(box.id)).toMatchObject({
      status: 'running',
      created: waiting.created,
      started: expect.any(String),
    });
  });

  it('says of one whose monitor was killed that it has ended, and removes what is left of it', async () => {
    await using box = await Container.run({ command: ['sleep', '100'], name: 'sunk' });
    const { cgroups } = inspectContainer('sunk');
    process.kill(monitorOf(box.pid), 'SIGKILL');
    await expect(box.wait()).rejects.toMatchObject({ code: 'ECHILD' });
    expect(() => inspectContainer('sunk')).toThrow('the container has ended');
    await gone('sunk');
    expect(existsSync(`/run/coracle/${box.id}`)).toBe(false);
    expect(cgroups.filter((directory) => existsSync(directory))).toEqual([]);
  });
});

/** Resolves when a killed container's processes are dead, and nothing is left of it. */
async function gone(name: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      inspectContainer(name);
    } catch (error) {
      if (error instanceof Error && error.message.includes('there is no such container')) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${name} is still there`);
}

/** Field 4 of /proc/PID/stat: the parent. */
function monitorOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
