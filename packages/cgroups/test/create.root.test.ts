import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { isErrno } from '@coracle/errors';
import { expect, describe as group, test } from '@jest/globals';
import { create, describe, detect, plan, type Resource } from '../src/index.ts';

const machine = detect();
const name = `coracle-test-${process.pid}`;

group(`create on this machine (${describe(machine)})`, () => {
  testOn('a group lies where the plan says, and is gone after its scope', [], async () => {
    const planned = plan({ name });
    {
      await using box = create(name);
      expect(box.directories).toEqual(planned?.directories);
      expect(box.directories.filter(existsSync)).toEqual(box.directories);
    }
    expect(planned?.directories.filter(existsSync)).toEqual([]);
  });

  testOn('a process is added, listed, counted and ended', ['pids'], async () => {
    await using box = create(name, { pids: 20 });
    const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const ended = once(sleeper, 'exit');
    box.add(Number(sleeper.pid));
    expect(box.processes()).toEqual([sleeper.pid]);
    expect(box.stats()).toMatchObject({ pids: { current: 1n, limitHits: 0n } });
    await box.killAll();
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(box.processes()).toEqual([]);
  });

  testOn('a threaded group is gone after its scope, whose threads on version 2 go on', ['pids'], async () => {
    await using box = create(name, { pids: 20 });
    const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const ended = once(sleeper, 'exit');
    box.add(Number(sleeper.pid));
    const part = create(`${name}/part`, { pids: 10 }, { threaded: true });
    part.addThread(Number(sleeper.pid));
    expect(part.threads()).toEqual([sleeper.pid]);
    await part[Symbol.asyncDispose]();
    expect(part.directories.filter(existsSync)).toEqual([]);
    if (machine.resources.pids.version === 'v2') expect(box.threads()).toEqual([sleeper.pid]);
    await box.killAll();
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  testOn('a limit holds: with 0 processes allowed bash cannot start a child', ['pids'], async () => {
    await using box = create(name, { pids: 'max' });
    const bash = spawn('bash', ['-c', 'read; (exit 0); exit'], { stdio: ['pipe', 'ignore', 'pipe'] });
    box.add(Number(bash.pid));
    box.update({ pids: 0 });
    bash.stdin.write('\n');
    const [message] = await once(bash.stderr, 'data');
    expect(String(message)).toContain('fork');
    expect(box.stats(['pids']).pids?.limitHits).toBeGreaterThan(0n);
  });

  testOn('all limits at once, changed and lifted', ['pids', 'memory', 'cpus'], async () => {
    await using box = create(name, { pids: 20, memory: 64n << 20n, cpus: 0.5 });
    expect(() => box.update({ pids: 0, memory: 0n, cpus: 0.01 })).not.toThrow();
    expect(() => box.update({ pids: 'max', memory: 'max', cpus: 'max' })).not.toThrow();
    expect(() => box.update({ cpus: 0 })).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  testOn('a failing limit leaves no group behind', ['pids'], () => {
    const planned = plan({ name, limits: { pids: 20 } });
    const failure = failureOf(() => create(name, { pids: 5_000_000 }));
    expect(isErrno(failure, 'EINVAL')).toBe(true);
    expect(failure).toMatchObject({ suppressed: [] });
    expect(planned?.directories.filter(existsSync)).toEqual([]);
  });

  testOn('groups within a group of one’s own', ['pids'], async () => {
    await using outer = create(`${name}-outer`);
    await using inner = create(`${name}-outer/inner`, { pids: 5 });
    expect(inner.directories.length).toBe(outer.directories.length);
    for (const directory of inner.directories) expect(directory).toMatch(/-outer\/inner$/);
  });
});

// The virtual machine runs this file once more, as an ordinary user to whom a group was delegated.
const delegated = process.env['CORACLE_DELEGATED_CGROUP'];
if (delegated !== undefined) {
  test('an ordinary user builds below the group that was delegated to him, and may limit everything', () => {
    expect(machine).toMatchObject({ version: 'v2', v2: { parent: delegated } });
    expect(Object.values(machine.resources)).toEqual([{ version: 'v2' }, { version: 'v2' }, { version: 'v2' }]);
  });
}

/** A test that says what the machine lacks when it is skipped. */
function testOn(title: string, needs: readonly Resource[], body: () => void | Promise<void>): void {
  const missing = needs.filter((resource) => machine.resources[resource].version === undefined);
  if (missing.length > 0) test.skip(`${title} (skipped: needs limits of ${missing.join(', ')})`, body);
  else if (!plan({ machine, name })) test.skip(`${title} (skipped: needs a group of one's own)`, body);
  else test(title, body, 90_000);
}

function failureOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
