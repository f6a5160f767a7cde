import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needs } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent } from '../src/agent.ts';
import { flags, output, resultOf } from '../src/arg.ts';
import { chdir, close, closeRange, execve, mkdirat, openat, openat2, read, unlinkat, write } from '../src/calls.ts';
import { messageFor } from '../src/channel.ts';
import { AT, OPEN, RESOLVE } from '../src/constants.ts';
import { AGENT_IMAGES } from '../src/generated/agent.ts';
import { AGENT_BUFFER, CALL_LENGTH, encode, HEADER_LENGTH } from '../src/message.ts';
import { Outcome } from '../src/outcome.ts';
import { type Program, step } from '../src/step.ts';
import { forge, HEADER } from './wire.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'agent-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('the agent', () => {
  test('makes calls with what earlier ones returned, and brings back what the kernel wrote', async () => {
    const path = join(directory, 'text');
    writeFileSync(path, 'all aboard');
    using agent = Agent.spawn();
    const outcome = await agent.channel.run({
      steps: [
        openat({ path, flags: flags(OPEN, 'O_RDONLY') }, { why: 'open it', result: 'file' }),
        read({ fd: resultOf('file'), into: output('text', 32) }, { why: 'read it', result: 'length' }),
        close(resultOf('file'), 'close it'),
      ],
    });
    expect(outcome.failure).toBeUndefined();
    expect(outcome.result('length')).toBe(10);
    expect(Buffer.from(outcome.output('text')).toString().slice(0, 10)).toBe('all aboard');
  });

  test('a message made before its agent is sent when it is wanted, to one agent or to two', async () => {
    const path = join(directory, 'made-once');
    const message = messageFor({ steps: [mkdirat({ path }, 'make it')] });
    expect(existsSync(path)).toBe(false);
    using first = Agent.spawn();
    first.channel.send(message);
    expect((await first.channel.report(message))?.failure).toBeUndefined();
    using second = Agent.spawn();
    second.channel.send(message);
    expect((await second.channel.report(message))?.failure?.errno).toBe(-17);
    first.channel.close();
    expect(() => first.channel.send(message)).toThrow('EPIPE');
    rmSync(path, { recursive: true });
  });

  test('looks again where the kernel could not be sure of the way, as somebody moved something', async () => {
    const [here, there] = [join(directory, 'here'), join(directory, 'there')];
    for (const path of [here, join(directory, 'root/inner')]) mkdirSync(path, { recursive: true });
    const move = `const { renameSync, writeSync } = require('node:fs');
      const [here, there] = process.argv.slice(1);
      writeSync(1, 'moving');
      for (;;) { renameSync(here, there); renameSync(there, here); }`;
    const mover = spawn(process.execPath, ['-e', move, here, there], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(mover.stdout, 'data');
    try {
      using agent = Agent.spawn();
      const how = {
        path: 'inner/../'.repeat(20),
        flags: flags(OPEN, 'O_PATH'),
        resolve: flags(RESOLVE, 'RESOLVE_IN_ROOT'),
      };
      const root = openat(
        { path: join(directory, 'root'), flags: flags(OPEN, 'O_PATH') },
        { why: 'open the root', result: 'root' },
      );
      const looks = Array.from({ length: 15_000 }, () => [
        openat2({ dir: resultOf('root'), ...how }, { why: 'find it', result: 'found' }),
        close(resultOf('found'), 'close it'),
      ]);
      const outcome = await agent.channel.run({ steps: [root, ...looks.flat()] });
      expect(outcome.failure).toBeUndefined();
    } finally {
      mover.kill('SIGKILL');
      await once(mover, 'exit');
    }
  });

  test('stops at the first error, goes on with the cleanup, and names the step', async () => {
    const path = join(directory, 'temporary');
    using agent = Agent.spawn();
    const outcome = await agent.channel.run({
      steps: [
        mkdirat({ path }, 'make it'),
        chdir('/no/such/place', 'go astray'),
        mkdirat({ path: `${path}/never` }, 'never get here'),
      ],
      finally: [unlinkat({ path, flags: flags(AT, 'AT_REMOVEDIR') }, 'remove it')],
    });
    expect(outcome.failure?.step.why).toBe('go astray');
    expect(outcome.results).toEqual([0, -2, undefined, 0]);
    expect(() => outcome.throwIfFailed()).toThrow(
      "ENOENT: no such file or directory, chdir '/no/such/place': could not go astray",
    );
    expect(existsSync(path)).toBe(false);
  });

  test('passes over what depends on a tolerated failure', async () => {
    using agent = Agent.spawn();
    const outcome = await agent.channel.run({
      steps: [
        openat({ path: '/no/such/file', flags: 0 }, { why: 'look', result: 'file', tolerate: ['ENOENT'] }),
        close(resultOf('file'), 'close it'),
        chdir('/no/such/directory', { why: 'go there', needs: 'file' }),
        step('getpid', [], { why: 'go on', result: 'pid' }),
      ],
    });
    expect(outcome.failure).toBeUndefined();
    expect(outcome.result('pid')).toBe(agent.pid);
  });

  test('runs from sealed memory that nobody can write', () => {
    using agent = Agent.spawn();
    expect(agent.image).toBe('memfd');
    expect(() => writeFileSync(`/proc/${agent.pid}/exe`, 'overwritten', { flag: 'r+' })).toThrow(
      /EPERM|ETXTBSY|EACCES/,
    );
  });

  test('keeps no descriptor but its own when told so, has no environment, and ends with its socket', async () => {
    const agent = Agent.spawn();
    await agent.channel.run({ steps: [closeRange({ first: 4 }, 'keep nothing that was not close-on-exec')] });
    expect(readdirSync(`/proc/${agent.pid}/fd`).sort()).toEqual(['0', '1', '2', '3']);
    expect(readFileSync(`/proc/${agent.pid}/environ`, 'latin1')).toBe('');
    agent.close();
    expect(existsSync(`/proc/${agent.pid}`)).toBe(false);
  });

  test('tells why a program was not executed', async () => {
    using agent = Agent.spawn();
    const outcome = await agent.channel.run({
      steps: [execve({ path: '/etc/passwd', argv: ['x'], env: [] }, 'start it')],
    });
    expect(outcome.results).toEqual([-13]);
  });

  test('takes a megabyte of arguments', async () => {
    const agent = Agent.spawn();
    const argv = ['true', ...Array.from({ length: 16 }, () => 'x'.repeat(65_536))];
    const message = agent.channel.post({ steps: [execve({ path: '/bin/true', argv, env: [] }, 'start true')] });
    await expect(agent.channel.report(message)).resolves.toBeUndefined();
    agent.close();
  });

  test('three hundred of them leave no descriptor open', () => {
    const before = readdirSync('/proc/self/fd').length;
    for (let index = 0; index < 300; index++) Agent.spawn().close();
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});

describe('a message that does not hold together', () => {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  function imageFile(): string {
    const image = join(directory, 'image');
    if (!existsSync(image)) writeFileSync(image, Buffer.from(AGENT_IMAGES[arch], 'base64'), { mode: 0o755 });
    return image;
  }

  /** Runs the agent with these bytes as all its input; the sentinel call must never be made. */
  function feed(bytes: Uint8Array): { status: number | null; signal: NodeJS.Signals | null } {
    const image = imageFile();
    const input = join(directory, 'input');
    writeFileSync(input, bytes);
    return spawnSync('sh', ['-c', `exec ${image} 3< ${input}`], { stdio: 'ignore', timeout: 10_000 });
  }

  const sentinel = (): string => join(directory, 'sentinel');
  const sound = (): Uint8Array =>
    encode(
      { steps: [mkdirat({ path: sentinel() }, 'be seen'), close(resultOf('x'), 'x')].slice(0, 1) },
      { base: AGENT_BUFFER, arch },
    ).bytes;

  test('a sound one is run: the sentinel works', () => {
    expect(feed(sound())).toMatchObject({ signal: null });
    expect(existsSync(sentinel())).toBe(true);
    rmSync(sentinel(), { recursive: true });
  });

  test('without a socket there is none: whoever made the agent the program of a container is told', () => {
    const { status, stderr } = spawnSync('sh', ['-c', `exec ${imageFile()} 3<&-`], { encoding: 'utf8' });
    const said = 'coracle: /proc/self/exe is no program of the container\n';
    expect({ status, stderr }).toEqual({ status: 126, stderr: said });
  });

  test('two hundred flipped, cut and random ones only ever make it exit', () => {
    let seed = 4711;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 200; round++) {
      const bytes = sound();
      if (round % 3 === 0) bytes[random(bytes.length)] = (bytes[random(bytes.length)] ?? 0) ^ (1 << random(8)) ^ 0x55;
      if (round % 3 === 2) for (let index = 0; index < bytes.length; index++) bytes[index] = random(256);
      const broken = round % 3 === 1 ? bytes.subarray(0, random(bytes.length)) : bytes;
      if (Buffer.compare(broken, sound()) === 0) continue;
      const { status, signal } = feed(broken);
      expect({ round, status: status === 0 || status === 1, signal }).toEqual({ round, status: true, signal: null });
      expect(existsSync(sentinel())).toBe(false);
    }
  });
});

describe('a message whose checksum is right but whose numbers lead out of it', () => {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const program = (): Program => ({
    steps: [
      step('getpid', [], { why: 'be', result: 'x' }),
      mkdirat({ path: join(directory, 'led-astray') }, 'be seen'),
    ],
  });

  test.each<[string, (view: DataView) => void]>([
    ['too many calls', (view) => view.setUint32(HEADER.count, 0x7fffffff, true)],
    ['a report before the calls', (view) => view.setUint32(HEADER.report, 8, true)],
    ['a report beyond the end', (view) => view.setUint32(HEADER.report, view.byteLength, true)],
    ['a report that is too short', (view) => view.setUint32(HEADER.reportLength, 8, true)],
    ['a report that is too long', (view) => view.setUint32(HEADER.reportLength, 0xfffffff0, true)],
    [
      'a report at an odd place',
      (view) => view.setUint32(HEADER.report, view.getUint32(HEADER.report, true) + 1, true),
    ],
    ['a result that comes later', (view) => view.setUint8(HEADER_LENGTH + CALL_LENGTH + 2, 1)],
    ['a seventh argument', (view) => view.setUint8(HEADER_LENGTH + 2, 0x80)],
  ])('%s: the agent exits and runs nothing', async (_, change) => {
    const { bytes } = encode(program(), { base: AGENT_BUFFER, arch });
    const forged = forge(bytes, change);
    const image = join(directory, 'forged-image');
    if (!existsSync(image)) writeFileSync(image, Buffer.from(AGENT_IMAGES[arch], 'base64'), { mode: 0o755 });
    writeFileSync(join(directory, 'forged'), forged);
    const { status, signal } = spawnSync('sh', ['-c', `exec ${image} 3< ${join(directory, 'forged')}`], {
      timeout: 10_000,
    });
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(existsSync(join(directory, 'led-astray'))).toBe(false);
  });
});

needs.describe(needs.program('qemu-aarch64-static'))('the agent for arm64, under qemu', () => {
  /** Runs a program in the other architecture's agent, over a socket that it has as descriptor 3. */
  async function run(program: Program): Promise<Outcome> {
    const image = join(directory, 'arm64');
    writeFileSync(image, Buffer.from(AGENT_IMAGES.arm64, 'base64'), { mode: 0o755 });
    const message = encode(program, { base: AGENT_BUFFER, arch: 'arm64' });
    const child = spawn('qemu-aarch64-static', [image], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
    const socket = child.stdio[3] as Socket;
    socket.write(message.bytes);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of socket) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= message.report.length) break;
    }
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    socket.destroy();
    expect(await ended).toBe(0);
    return new Outcome(message, new Uint8Array(Buffer.concat(chunks)));
  }

  test('makes calls by that architecture’s numbers, uses results, and reports failures', async () => {
    const path = join(directory, 'written-by-arm64');
    const outcome = await run({
      steps: [
        openat({ path, flags: flags(OPEN, 'O_WRONLY', 'O_CREAT'), mode: 0o600 }, { why: 'open it', result: 'file' }),
        write({ fd: resultOf('file'), data: 'ahoy' }, 'write it'),
        chdir('/no/such/place', 'go astray'),
      ],
    });
    expect(readFileSync(path, 'utf8')).toBe('ahoy');
    expect(outcome.failure).toMatchObject({ errno: -2, step: { why: 'go astray' } });
  });
});
