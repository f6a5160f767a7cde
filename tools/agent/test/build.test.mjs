import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const here = fileURLToPath(new URL('..', import.meta.url));
const GENERATED = 'packages/syscalls/src/generated';
const embedded = join(here, '../..', GENERATED, 'agent.ts');
const MINUTE = 60_000;

const missing = ['gcc', 'aarch64-linux-gnu-gcc'].filter((compiler) => spawnSync(compiler, ['--version']).status !== 0);
const testWithCompilers = (title, body) =>
  missing.length === 0
    ? test(title, body, MINUTE)
    : test.skip(`${title} (skipped: needs the program ${missing.join(', ')})`, body);

/** The images in the text of a generated module. */
function imagesIn(text) {
  const images = [...text.matchAll(/^ {2}(x64|arm64):\n((?: {4}'[\w+/=]+'(?: \+|,)\n)+)/gm)];
  return Object.fromEntries(
    images.map(([, arch, lines]) => {
      const text = [...lines.matchAll(/'(.+)'/g)].map(([, chunk]) => chunk).join('');
      return [arch, Buffer.from(text, 'base64')];
    }),
  );
}

const LOAD = 1;
const GNU_STACK = 0x6474e551;
const EXECUTABLE = 1;
const WRITABLE = 2;

/** The program headers of a 64-bit little-endian ELF. */
function segmentsOf(image) {
  const [offset, size, count] = [Number(image.readBigUInt64LE(32)), image.readUInt16LE(54), image.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * size;
    return {
      type: image.readUInt32LE(at),
      flags: image.readUInt32LE(at + 4),
      address: image.readBigUInt64LE(at + 16),
      memory: Number(image.readBigUInt64LE(at + 40)),
    };
  });
}

describe.each([
  ['x64', 62],
  ['arm64', 183],
])('the embedded image for %s', (arch, machine) => {
  const image = imagesIn(readFileSync(embedded, 'utf8'))[arch];

  test('is a static executable of that machine, under 2 KiB', () => {
    expect(image.subarray(0, 6)).toEqual(Buffer.from('\x7fELF\x02\x01', 'latin1'));
    expect([image.readUInt16LE(16), image.readUInt16LE(18)]).toEqual([2, machine]);
    expect(image.length).toBeLessThan(2048);
  });

  test('has nothing but code, the buffer and a stack; no memory is both writable and executable', () => {
    const segments = segmentsOf(image);
    expect(segments.map(({ type }) => type)).toEqual([LOAD, LOAD, GNU_STACK]);
    expect(segments.filter(({ flags }) => flags & EXECUTABLE && flags & WRITABLE)).toEqual([]);
  });

  test('has its buffer where the messages expect it, as long as the longest of them', () => {
    const [, buffer] = segmentsOf(image);
    const message = readFileSync(join(here, '../../packages/syscalls/src/message.ts'), 'utf8');
    expect(message).toContain('AGENT_BUFFER = 0x10000000n');
    expect(message).toContain('MESSAGE_LIMIT: number = 4 * 1024 * 1024');
    expect(buffer).toMatchObject({ address: 0x10000000n, memory: 4 * 1024 * 1024 });
  });
});

test('the source is short enough to be read in one sitting', () => {
  const lines = readFileSync(join(here, 'agent.c'), 'utf8').trimEnd().split('\n').length;
  expect(lines).toBeLessThanOrEqual(165);
});

describe('the build', () => {
  let copy;

  /** A copy of the tool beside a place for what it generates. */
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'coracle-build-'));
    cpSync(here, join(copy, 'tools/agent'), { recursive: true, filter: (path) => !path.includes('node_modules') });
    mkdirSync(join(copy, GENERATED), { recursive: true });
    cpSync(embedded, join(copy, GENERATED, 'agent.ts'));
  });
  afterEach(() => rmSync(copy, { recursive: true }));

  const run = (...options) =>
    spawnSync(process.execPath, [join(copy, 'tools/agent/build.mjs'), ...options], { encoding: 'utf8' });
  const generated = () => readFileSync(join(copy, GENERATED, 'agent.ts'), 'utf8');
  const edit = (file, from, to) => {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
  };

  testWithCompilers('makes what is embedded, bit for bit, or says that the compiler is another', () => {
    const { status, stdout } = run('--check');
    expect(stdout).toMatch(/are what agent\.c compiles to, bit for bit|not compared, it was built with gcc/);
    expect(status).toBe(0);
  });

  testWithCompilers('makes the same twice, wherever it is', () => {
    expect(run().status).toBe(0);
    const first = generated();
    writeFileSync(join(copy, GENERATED, 'agent.ts'), '');
    expect(run().status).toBe(0);
    expect(generated()).toBe(first);
    expect(Object.keys(imagesIn(first))).toEqual(['x64', 'arm64']);
  });

  testWithCompilers('finds an image that is not what the source compiles to, and writes nothing', () => {
    expect(run().status).toBe(0);
    edit('tools/agent/agent.c', ': got != 0)', ': got == 0)');
    const before = generated();
    const { status, stderr } = run('--check');
    expect(status).toBe(1);
    expect(stderr).toContain('run node tools/agent/build.mjs');
    expect(generated()).toBe(before);
  });

  testWithCompilers('refuses an agent that has grown over 2 KiB', () => {
    edit(
      'tools/agent/agent.c',
      'static _Noreturn void leave',
      '__attribute__((used)) static const char bulk[2048] = "bulk";\nstatic _Noreturn void leave',
    );
    const { status, stderr } = run();
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/the agent of gcc has \d+ bytes; 2048 are allowed/);
  });

  testWithCompilers('takes no warning of the compiler', () => {
    edit(
      'tools/agent/agent.c',
      'struct message *m = &buffer.message;',
      'struct message *m = &buffer.message; int unused;',
    );
    expect(run().stderr).toMatch(/unused/);
    expect(generated()).toBe(readFileSync(embedded, 'utf8'));
  });
});
