import { setTimeout as wait } from 'node:timers/promises';
import { Container } from '@coracle/container';
import { findLeftovers } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

describe('a further program in a container', () => {
  let box: Container;
  beforeAll(async () => {
    box = await Container.run({ command: ['sleep', '1000'], stdout: 'ignore', stderr: 'ignore' });
  });
  afterAll(() => box[Symbol.asyncDispose]());

  const processes = async (): Promise<string> => (await box.exec(['ps', '-eo', 'args'])).stdout;

  test('is ended when its time is up, and the container goes on', async () => {
    const result = await box.exec(['sh', '-c', 'echo begun; exec sleep 777'], { timeout: '300ms' });
    expect(result).toMatchObject({ timedOut: true, signal: 'SIGKILL', exitCode: undefined, stdout: 'begun\n' });
    expect(await processes()).not.toContain('sleep 777');
    expect(await processes()).toContain('sleep 1000');
  });

  test('in time is not timed out', async () => {
    expect(await box.exec(['echo', 'quick'], { timeout: '60s' })).toMatchObject({ timedOut: false, stdout: 'quick\n' });
  });

  test('is ended when the signal is aborted, which rejects with the reason', async () => {
    const changed = new AbortController();
    const running = box.exec(['sleep', '778'], { signal: changed.signal });
    while (!(await processes()).includes('sleep 778')) await wait(5);
    changed.abort(new Error('no longer wanted'));
    await expect(running).rejects.toThrow('no longer wanted');
    expect(await processes()).not.toContain('sleep 778');
  });

  test('is ended by an abort that came while it was being started', async () => {
    const changed = new AbortController();
    const running = box.exec(['sleep', '100'], { signal: changed.signal });
    changed.abort(new Error('never mind'));
    await expect(running).rejects.toThrow('never mind');
  });

  test('is not waited for by an abort when a child of it holds its output open', async () => {
    const changed = new AbortController();
    const running = box.exec(['sh', '-c', 'sleep 779 & exec sleep 780'], { signal: changed.signal });
    while (!(await processes()).includes('sleep 780')) await wait(5);
    changed.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(await processes()).toContain('sleep 779');
  });

  test('is not started with a signal that was aborted before', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(box.exec(['touch', '/tmp/started'], { signal })).rejects.toThrow('too late');
    expect(await box.exec(['ls', '/tmp'])).toMatchObject({ stdout: '' });
  });

  test('with a timeout that is no time is refused', async () => {
    await expect(box.exec(['true'], { timeout: 'soon' })).rejects.toMatchObject({ option: 'timeout' });
  });

  test('has the variables it is given, whatever they are called', async () => {
    const env = Object.fromEntries(['constructor', 'toString', '__proto__'].map((name) => [name, 'kept']));
    await using other = await Container.run({ command: ['sleep', '784'], env, stdout: 'ignore', stderr: 'ignore' });
    const { stdout } = await other.exec(['env'], { env: { more: 'x' } });
    expect(stdout.split('\n').filter((line) => /kept|more/.test(line))).toEqual([
      'constructor=kept',
      'toString=kept',
      '__proto__=kept',
      'more=x',
    ]);
  });

  test('in a container that ends meanwhile is told so, or ends with it', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 60; round++) {
      await using other = await Container.run({ command: ['sleep', '785'], stdout: 'ignore', stderr: 'ignore' });
      const running = Array.from({ length: 3 }, () => other.exec(['sleep', '786']));
      const how = Promise.all(running.map((one) => one.then(({ signal }) => `${signal}`, String)));
      await wait(round % 12);
      other.kill();
      for (const one of await how) seen.add(one);
    }
    expect([...seen].filter((one) => one !== 'SIGKILL' && !one.includes('ESRCH: the container has ended'))).toEqual([]);
  });

  test('ends with its container, and leaves no process', async () => {
    const other = await Container.run({ command: ['sleep', '781'], stdout: 'ignore', stderr: 'ignore' });
    const running = other.exec(['sleep', '782']);
    while (!(await other.exec(['ps', '-eo', 'args'])).stdout.includes('sleep 782')) await wait(5);
    await other[Symbol.asyncDispose]();
    expect(await running).toMatchObject({ signal: 'SIGKILL', timedOut: false });
    while (findLeftovers().processes.some((line) => line.startsWith('coracle: exec'))) await wait(5);
  });
});
