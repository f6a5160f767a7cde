import {
  AGENT_BUFFER,
  chdir,
  clone3,
  close,
  encode,
  execve,
  fchdir,
  flags,
  MESSAGE_LIMIT,
  type Message,
  MS,
  mkdirat,
  mount,
  openat,
  output,
  type Program,
  REPORT,
  REPORT_LENGTH,
  resultOf,
  type Step,
  step,
} from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { at, checksumOf, decode, textAt, type WireCall } from './wire.ts';

const BASE = AGENT_BUFFER;

function encoded(program: Program | Step[]): Message {
  return encode('steps' in program ? program : { steps: program }, { base: BASE, arch: 'x64' });
}

function callsOf(program: Program | Step[]): WireCall[] {
  return decode(encoded(program).bytes).calls;
}

const open = (name: string): Step => openat({ path: `/${name}`, flags: 0 }, { why: `open ${name}`, result: name });

describe('the header', () => {
  test('carries magic, length, counts and the place of the report', () => {
    const { bytes } = encoded({ steps: [chdir('/', 'a')], finally: [chdir('/tmp', 'b')] });
    expect(decode(bytes)).toMatchObject({
      magic: 'CRCL',
      length: bytes.length,
      count: 2,
      cleanup: 1,
      report: 32 + 2 * 56,
      reportLength: 16,
    });
  });

  test('carries the checksum of everything behind it', () => {
    const { bytes } = encoded([chdir('/some/where', 'a'), step('getpid', [], 'b')]);
    expect(decode(bytes).checksum).toBe(checksumOf(bytes));
  });

  test('of a program without steps is the whole message', () => {
    const { bytes } = encoded([]);
    expect(bytes.length).toBe(32);
    expect(decode(bytes)).toMatchObject({ count: 0, report: 32, reportLength: 0 });
  });
});

describe('a call', () => {
  test('has the number of its architecture', () => {
    const program = { steps: [step('openat', [], 'a')] };
    expect(decode(encode(program, { base: BASE, arch: 'x64' }).bytes).calls[0]?.number).toBe(257);
    expect(decode(encode(program, { base: BASE, arch: 'arm64' }).bytes).calls[0]?.number).toBe(56);
  });

  test('of the agent itself has a number no kernel uses', () => {
    expect(callsOf([step('reap_children', [1], 'a')])[0]?.number).toBe(0xffff);
  });

  test('takes numbers of 64 bits in two’s complement', () => {
    const args = [-100, -1, 0xffffffff, 2 ** 53 - 1, -(2n ** 63n), 2n ** 64n - 1n];
    expect(callsOf([step('getpid', args, 'a')])[0]?.args).toEqual([
      -100n,
      -1n,
      0xffffffffn,
      2n ** 53n - 1n,
      -(2n ** 63n),
      -1n,
    ]);
  });

  test('takes flags by their value and a null pointer as zero', () => {
    const [call] = callsOf([mount({ source: null, target: '/', flags: flags(MS, 'MS_REC', 'MS_PRIVATE') }, 'a')]);
    expect(call?.args[0]).toBe(0n);
    expect(call?.args[3]).toBe(0x44000n);
  });

  test('points at its texts, which end with a NUL and are UTF-8', () => {
    const { bytes } = encoded([mount({ source: 'proc', target: '/zürich', type: 'proc' }, 'a')]);
    const args = decode(bytes).calls[0]?.args ?? [];
    expect(args.slice(0, 3).map((address) => textAt(bytes, address, BASE))).toEqual(['proc', '/zürich', 'proc']);
  });

  test('shares equal texts with the other calls', () => {
    const calls = callsOf([chdir('/shared', 'a'), chdir('/shared', 'b'), chdir('/other', 'c')]);
    expect(calls[1]?.args[0]).toBe(calls[0]?.args[0]);
    expect(calls[2]?.args[0]).not.toBe(calls[0]?.args[0]);
  });

  test('points at its bytes', () => {
    const { bytes } = encoded([step('write', [1, new Uint8Array([7, 8, 9]), 3], 'a')]);
    const address = decode(bytes).calls[0]?.args[1] ?? 0n;
    expect([...at(bytes, address, BASE).subarray(0, 3)]).toEqual([7, 8, 9]);
  });

  test('points at structures, and these at what they hold', () => {
    const argv = ['ls', '-l', ''];
    const { bytes } = encoded([execve({ path: '/bin/ls', argv, env: [] }, 'a')]);
    const [, vector = 0n, env = 0n] = decode(bytes).calls[0]?.args ?? [];
    const pointers = new DataView(bytes.buffer, Number(vector - BASE));
    const addresses = [0, 1, 2, 3].map((index) => pointers.getBigUint64(index * 8, true));
    expect(addresses.slice(0, 3).map((address) => textAt(bytes, address, BASE))).toEqual(argv);
    expect(addresses[3]).toBe(0n);
    expect(new DataView(bytes.buffer, Number(env - BASE)).getBigUint64(0, true)).toBe(0n);
  });

  test('of one process says which one', () => {
    const calls = callsOf([
      step('getpid', [], 'a'),
      step('getpid', [], { why: 'b', only: 'parent' }),
      step('getpid', [], { why: 'c', only: 'child' }),
    ]);
    expect(calls.map(({ only }) => only)).toEqual([0, 1, 2]);
  });
});

describe('tolerated errors', () => {
  test('go by number', () => {
    const [call] = callsOf([mkdirat({ path: '/x' }, { why: 'a', tolerate: ['EEXIST', 'EROFS'] })]);
    expect(call?.tolerate).toEqual([17, 30]);
  });

  test('that are all errors, and those of steps at the end, go by the wildcard', () => {
    const calls = callsOf({
      steps: [close(9, { why: 'a', tolerate: 'any' }), close(9, 'b')],
      finally: [close(9, 'c'), close(9, { why: 'd', tolerate: ['EBADF'] })],
    });
    expect(calls.map(({ tolerate }) => tolerate)).toEqual([[255], [], [255], [255]]);
  });

  test('can be four and not five', () => {
    const four = ['EPERM', 'ENOENT', 'EEXIST', 'EROFS'] as const;
    expect(callsOf([chdir('/', { why: 'a', tolerate: four })])[0]?.tolerate).toEqual([1, 2, 17, 30]);
    expect(() => encoded([chdir('/', { why: 'stand', tolerate: [...four, 'EIO'] })])).toThrow(
      new TypeError('chdir (stand): a step tolerates at most four errors'),
    );
  });
});

describe('a reference', () => {
  test('is the index of the step, marked as such', () => {
    const [, , call] = callsOf([open('a'), open('b'), fchdir(resultOf('a'), 'c')]);
    expect(call).toMatchObject({ references: [0], args: [0n, 0n, 0n, 0n, 0n, 0n] });
  });

  test('may stand in several places of a call', () => {
    const [, , call] = callsOf([open('a'), open('b'), step('dup3', [resultOf('b'), 5, resultOf('a')], 'c')]);
    expect(call).toMatchObject({ references: [0, 2] });
    expect(call?.args.slice(0, 3)).toEqual([1n, 5n, 0n]);
  });

  test('is to the latest step of that name, even where a step replaces the result it uses', () => {
    const again = step('fcntl', [resultOf('a'), 0, 0], { why: 'b', result: 'a' });
    const calls = callsOf([open('a'), again, fchdir(resultOf('a'), 'c')]);
    expect(calls[1]?.args[0]).toBe(0n);
    expect(calls[2]?.args[0]).toBe(1n);
  });

  test('to what a step needs and its call does not take stands where the call does not look', () => {
    const [, call] = callsOf([open('a'), chdir('/proc/self/fd/9', { why: 'b', needs: 'a' })]);
    expect(call).toMatchObject({ references: [5], args: [expect.any(BigInt), 0n, 0n, 0n, 0n, 0n] });
  });

  test('from the end to the steps is possible', () => {
    const calls = callsOf({ steps: [chdir('/', 'a'), open('b')], finally: [close(resultOf('b'), 'c')] });
    expect(calls[2]).toMatchObject({ references: [0], args: expect.arrayContaining([1n]) });
  });

  test('to nothing, to itself or to a later step is refused and names the step', () => {
    const fault = new TypeError("fchdir (stand there): no earlier step gives 'a'");
    expect(() => encoded([fchdir(resultOf('a'), 'stand there')])).toThrow(fault);
    expect(() => encoded([fchdir(resultOf('a'), 'stand there'), open('a')])).toThrow(fault);
    expect(() => encoded([fchdir(resultOf('a'), { why: 'stand there', result: 'a' })])).toThrow(fault);
  });
});

describe('outputs', () => {
  test('follow the results inside the report', () => {
    const { bytes, outputs, report } = encoded([
      step('getcwd', [output('cwd', 13), 13], 'a'),
      step('uname', [output('names', 390)], 'b'),
    ]);
    expect(report).toEqual({ offset: 32 + 112, length: 16 + 16 + 392 });
    expect([...outputs]).toEqual([
      ['cwd', { offset: 16, length: 13 }],
      ['names', { offset: 32, length: 390 }],
    ]);
    const calls = decode(bytes).calls;
    expect(calls[0]?.args[0]).toBe(BASE + BigInt(report.offset + 16));
    expect(calls[1]?.args[0]).toBe(BASE + BigInt(report.offset + 32));
  });

  test('can be named by a byte in them', () => {
    const { bytes, outputs } = encoded([
      step('uname', [output('names', 390)], 'a'),
      step('uname', [{ ...output('names', 390), at: 65 }], 'b'),
    ]);
    const [first, second] = decode(bytes).calls;
    expect(outputs.size).toBe(1);
    expect(second?.args[0]).toBe((first?.args[0] ?? 0n) + 65n);
  });

  test('inside structures are found', () => {
    const { bytes, outputs, report } = encoded([clone3({ flags: 0x1000, pidfd: output('pidfd', 4) }, 'a')]);
    expect(outputs.get('pidfd')).toEqual({ offset: 8, length: 4 });
    const struct = decode(bytes).calls[0]?.args[0] ?? 0n;
    const pointer = new DataView(bytes.buffer).getBigUint64(Number(struct - BASE) + 8, true);
    expect(pointer).toBe(BASE + BigInt(report.offset + 8));
  });

  test('of one name are one place', () => {
    const { outputs, bytes } = encoded([
      step('uname', [output('names', 390)], 'a'),
      step('uname', [output('names', 390)], 'b'),
    ]);
    const [first, second] = decode(bytes).calls;
    expect(outputs.size).toBe(1);
    expect(second?.args[0]).toBe(first?.args[0]);
  });

  test('of one name and two lengths are refused: the longer would not fit', () => {
    expect(() =>
      encoded([step('uname', [output('names', 8)], 'a'), step('uname', [output('names', 390)], 'b')]),
    ).toThrow(new TypeError("the output 'names' is 8 bytes in one place and 390 in another"));
  });
});

test('a step can send the report: its address and its length', () => {
  const { bytes, report } = encoded([
    step('uname', [output('names', 390)], 'a'),
    step('sendto', [3, REPORT, REPORT_LENGTH, 0, null, 0], 'b'),
  ]);
  expect(decode(bytes).calls[1]?.args.slice(1, 3)).toEqual([BASE + BigInt(report.offset), BigInt(report.length)]);
});

test('the report is zeros, for the executor to fill in', () => {
  const { bytes, report } = encoded([chdir('/', 'a'), chdir('/', 'b')]);
  const view = new DataView(bytes.buffer, report.offset);
  expect([view.getBigInt64(0, true), view.getBigInt64(8, true)]).toEqual([0n, 0n]);
});

describe('a program at fault is refused with the step that is wrong:', () => {
  test('a call the architecture does not have', () => {
    expect(() => encode({ steps: [step('open', [], 'a')] }, { base: BASE, arch: 'arm64' })).toThrow(
      new TypeError('open (a): no such system call on arm64'),
    );
  });

  test('a text with a NUL in it, which the kernel would cut short', () => {
    expect(() => encoded([chdir('/tmp\0/etc', 'stand there')])).toThrow(
      new TypeError('chdir (stand there): "/tmp\\u0000/etc" holds a NUL'),
    );
  });

  test('a text with a NUL in an argument list', () => {
    expect(() => encoded([execve({ path: '/bin/ls', argv: ['ls', 'a\0b'], env: [] }, 'run it')])).toThrow(TypeError);
  });

  test('something needed by a call of six arguments, which has no room for it', () => {
    expect(() => encoded([open('a'), step('mmap', [0, 0, 0, 0, 0, 0], { why: 'have memory', needs: 'a' })])).toThrow(
      new TypeError("mmap (have memory): it has no room for 'a', which it needs"),
    );
  });

  test('seven arguments, which would reach into the next call', () => {
    expect(() => encoded([step('mmap', [0, 0, 0, 0, 0, 0, 0], 'have memory')])).toThrow(
      new TypeError('mmap (have memory): a system call takes at most 6 arguments'),
    );
  });

  test('more than one message holds', () => {
    const half = new Uint8Array(MESSAGE_LIMIT / 2);
    const two = [half, half.slice()].map((bytes) => step('write', [1, bytes, bytes.length], 'a'));
    expect(() => encoded(two)).toThrow(/^the program takes 41\d{5} bytes, more than the 4194304 of one message/);
    expect(encoded(two.slice(0, 1)).bytes.length).toBeGreaterThan(MESSAGE_LIMIT / 2);
  });

  test('more than one message holds, told by what takes the room', () => {
    const deep = Array.from({ length: 3000 }, (_, index) => chdir('x'.repeat(index), `go to ${'deep/'.repeat(20)}`));
    expect(() => encoded([chdir('/', 'be at the top'), ...deep])).toThrow(
      /: most of it to go to (deep\/){10}d\.\.\. \(4501500 bytes\)$/,
    );
    const words = execve({ path: '/x', argv: ['x', 'y'.repeat(MESSAGE_LIMIT)], env: [] }, 'start x');
    expect(() => encoded([words])).toThrow(/: most of it to start x \(4194\d+ bytes\)$/);
  });
});
