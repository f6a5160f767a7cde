import {
  type Arg,
  encode,
  output,
  type Program,
  REPORT,
  resultOf,
  type Step,
  type Struct,
  step,
} from '@coracle/syscalls';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { at, CALL_LENGTH, checksumOf, decode, HEADER_LENGTH, textAt } from './wire.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((string) => !string.includes('\0'));
const bytes = fc.uint8Array({ maxLength: 40 });
const number = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const place = fc.integer({ min: 0, max: 5 }).map((index) => output(`o${index}`, index * 7 + 1));
type Target = Exclude<NonNullable<Struct['pointers']>[number]['target'], null>;
const struct: fc.Arbitrary<Struct> = fc.letrec<{ struct: Struct; target: Target }>((tie) => ({
  target: fc.oneof({ depthSize: 'small' }, text, bytes, place, tie('struct')),
  struct: fc.array(tie('target'), { maxLength: 3 }).map((targets) => ({
    kind: 'struct',
    bytes: new Uint8Array(targets.length * 8 + 3),
    text: 'struct',
    pointers: targets.map((target, index) => ({ offset: index * 8, target })),
  })),
})).struct;
const argument: fc.Arbitrary<Arg> = fc.oneof(
  number,
  text,
  bytes,
  fc.constant(null),
  place,
  struct,
  fc.constant(REPORT),
);

/** Steps that also use each other's results, in the one direction that is possible. */
const steps: fc.Arbitrary<Step[]> = fc
  .array(fc.record({ args: fc.array(argument, { maxLength: 6 }), reference: fc.option(fc.nat(20)) }), { maxLength: 8 })
  .map((drafts) =>
    drafts.map(({ args, reference }, index) => {
      const uses = reference !== null && index > 0 ? [resultOf(`r${reference % index}`)] : [];
      return step('getpid', [...uses, ...args].slice(0, 6), { why: 'test', result: `r${index}` });
    }),
  );
const program: fc.Arbitrary<Program> = fc.record({ steps, finally: fc.constant([]) });
const base = fc.bigInt({ min: 0n, max: 2n ** 44n }).map((page) => page * 8n);

test('any program is a whole number of words, carries its checksum, and is the same at every encoding', () => {
  fc.assert(
    fc.property(program, base, (program, base) => {
      const message = encode(program, { base, arch: 'x64' });
      expect(message.bytes.length % 8).toBe(0);
      expect(decode(message.bytes)).toMatchObject({
        length: message.bytes.length,
        checksum: checksumOf(message.bytes),
      });
      expect(encode(program, { base, arch: 'x64' }).bytes).toEqual(message.bytes);
    }),
  );
});

test('every argument of any program can be read back from the message, through every pointer', () => {
  fc.assert(
    fc.property(program, base, (program, base) => {
      const message = encode(program, { base, arch: 'x64' });
      const { calls, report } = decode(message.bytes);
      const check = (arg: Arg, word: bigint): void => {
        if (typeof arg === 'number' || typeof arg === 'bigint') expect(word).toBe(BigInt(arg));
        else if (arg === null) expect(word).toBe(0n);
        else if (typeof arg === 'string') expect(textAt(message.bytes, word, base)).toBe(arg);
        else if (arg instanceof Uint8Array) expect(at(message.bytes, word, base).slice(0, arg.length)).toEqual(arg);
        else if (arg.kind === 'report') expect(word).toBe(base + BigInt(report));
        else if (arg.kind === 'output')
          expect(word).toBe(base + BigInt(report + (message.outputs.get(arg.name)?.offset ?? -1)));
        else if (arg.kind === 'result') expect(word).toBe(BigInt(arg.of.slice(1)));
        else if (arg.kind === 'struct') {
          const found = at(message.bytes, word, base);
          const view = new DataView(found.buffer, found.byteOffset);
          for (const { offset, target } of arg.pointers ?? []) check(target, view.getBigInt64(offset, true));
        }
      };
      program.steps.forEach((step, index) => {
        step.args.forEach((arg, slot) => {
          check(arg, calls[index]?.args[slot] ?? -1n);
        });
      });
    }),
  );
});

test('header, calls, results and outputs of any program never overlap', () => {
  fc.assert(
    fc.property(program, base, (program, base) => {
      const message = encode(program, { base, arch: 'x64' });
      const { report } = message;
      expect(report.offset).toBe(HEADER_LENGTH + program.steps.length * CALL_LENGTH);
      let end = program.steps.length * 8;
      for (const { offset, length } of message.outputs.values()) {
        expect(offset).toBeGreaterThanOrEqual(end);
        end = offset + length;
      }
      expect(end).toBeLessThanOrEqual(report.length);
      expect(report.offset + report.length).toBeLessThanOrEqual(message.bytes.length);
    }),
  );
});

test('a reference of any program is to an earlier call', () => {
  fc.assert(
    fc.property(program, (program) => {
      decode(encode(program, { base: 0n, arch: 'x64' }).bytes).calls.forEach(({ references, args }, index) => {
        for (const slot of references) expect(args[slot]).toBeLessThan(index);
      });
    }),
  );
});
