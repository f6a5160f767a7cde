import { checkDeviceRules, type DeviceRule, type DeviceRuleInput } from '@coracle/cgroups-core';
import { SystemError } from '@coracle/errors';
import { type Instruction, OP, REGISTER, toBytes } from './bpf.ts';
import { accessBits, CONTEXT, EVERY_ACCESS, TYPE_BITS } from './device-context.ts';

/** The two ends of a program. */
type End = 'allow' | 'deny';

/** An instruction that may jump to an end; how far is filled in when it is known where the ends are. */
type Draft = Instruction & { end?: End };

/** Instructions that every kernel takes in one program: BPF_MAXINSNS of linux/bpf_common.h. */
const MOST_INSTRUCTIONS = 4096;

/**
 * Compiles rules for devices to a BPF program (type BPF_PROG_TYPE_CGROUP_DEVICE) that answers as {@link isDeviceAllowed} does.
 *
 * It goes through the rules from the last to the first and keeps the letters of the access that are not decided yet: a rule
 * that allows takes its letters away, one that denies any that is left ends with no, and with none left it ends with yes.
 * @returns BPF instructions, 8 bytes each
 * @throws SystemError EINVAL for rules that cannot be meant, E2BIG for more rules than a program can hold (about 800)
 * @example
 * compileDeviceRules([{ allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }]).length; // 120: 15 instructions
 */
export function compileDeviceRules(rules: readonly DeviceRuleInput[]): Uint8Array {
  const checked = checkDeviceRules(rules);
  const last = checked.findLastIndex(({ type }) => type === 'a');
  const rest: End = checked[last]?.allow === true ? 'allow' : 'deny';
  const inForce = checked.slice(last + 1).reverse();
  const body = [...readRequest(), ...inForce.flatMap(judge)];
  // The rest follows right behind; the kernel refuses instructions that nothing leads to.
  const other: End = rest === 'allow' ? 'deny' : 'allow';
  const ends: End[] = body.some(({ end }) => end === other) ? [rest, other] : [rest];
  const instructions = [
    ...body.map((one, index) => settled(one, body.length - 1 - index, rest)),
    ...ends.flatMap(answer),
  ];
  if (instructions.length > MOST_INSTRUCTIONS) throw tooMany(rules.length);
  return toBytes(instructions);
}

/** Puts type, access and numbers into registers. */
function readRequest(): Draft[] {
  const { context, type, access, major, minor } = REGISTER;
  return [
    { ...NOTHING, code: OP.load, to: type, from: context, offset: CONTEXT.accessType },
    { ...NOTHING, code: OP.moveRegister, to: access, from: type },
    { ...NOTHING, code: OP.and, to: type, constant: 0xffff },
    { ...NOTHING, code: OP.shiftRight, to: access, constant: 16 },
    { ...NOTHING, code: OP.load, to: major, from: context, offset: CONTEXT.major },
    { ...NOTHING, code: OP.load, to: minor, from: context, offset: CONTEXT.minor },
  ];
}

const NOTHING = { code: 0, to: 0, from: 0, offset: 0, constant: 0 } as const;

/** A rule that is not about the device is jumped over. */
function judge({ allow, type, major, minor, access }: DeviceRule): Draft[] {
  const letters = accessBits(access);
  const decision: Draft[] = allow
    ? [
        { ...NOTHING, code: OP.and, to: REGISTER.access, constant: EVERY_ACCESS & ~letters },
        { ...NOTHING, code: OP.ifEqual, to: REGISTER.access, constant: 0, end: 'allow' },
      ]
    : [{ ...NOTHING, code: OP.ifAnyBit, to: REGISTER.access, constant: letters, end: 'deny' }];
  const conditions: [register: number, value: number][] = [
    ...(type === 'a' ? [] : [[REGISTER.type, TYPE_BITS[type]] satisfies [number, number]]),
    ...(major === undefined ? [] : [[REGISTER.major, major] satisfies [number, number]]),
    ...(minor === undefined ? [] : [[REGISTER.minor, minor] satisfies [number, number]]),
  ];
  return [
    ...conditions.map(([to, constant], index) => ({
      ...NOTHING,
      code: OP.ifNotEqual,
      to,
      constant,
      offset: conditions.length - 1 - index + decision.length,
    })),
    ...decision,
  ];
}

/** The end that is the answer to the rest comes first, two instructions long. */
function settled({ end, ...one }: Draft, toRest: number, rest: End): Instruction {
  if (end === undefined) return one;
  return { ...one, offset: toRest + (end === rest ? 0 : 2) };
}

function answer(end: End): Instruction[] {
  return [
    { ...NOTHING, code: OP.move, to: REGISTER.result, constant: end === 'allow' ? 1 : 0 },
    { ...NOTHING, code: OP.exit },
  ];
}

function tooMany(count: number): SystemError {
  return new SystemError({
    code: 'E2BIG',
    syscall: 'rule',
    path: 'devices',
    text: `${count} rules make a longer program than the kernel takes`,
    hint: 'put rules together: c 136:* rw is about every terminal',
  });
}
