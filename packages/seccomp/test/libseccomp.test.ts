import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Seccomp } from '@coracle/oci-spec';
import {
  AUDIT_ARCH,
  compileProfile,
  defaultProfile,
  type FilteredArchitecture,
  numbersOf,
  simulate,
} from '@coracle/seccomp';
import { needs } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import fc from 'fast-check';
import { argumentsFor, CALLS, MACHINES, profiles } from './profiles.ts';
import { compileOracle, compileWithLibseccomp, libseccomp } from './support/libseccomp.ts';

/** Calls with conditions, and arguments on both sides of each. */
const ARGUMENTS: Readonly<Record<string, readonly bigint[]>> = {
  clone: [0n, 17n, 0x10000000n, 0x20000n, 0x7e020000n, 0x1000000000n],
  personality: [0n, 1n, 8n, 0x20000n, 0x20008n, 0xffffffffn],
  socket: [...Array(47).keys()].map(BigInt),
};

const CAPABILITIES = [
  [],
  ['CAP_SYS_ADMIN'],
  ['CAP_SYS_CHROOT', 'CAP_SYS_PTRACE', 'CAP_SYS_TIME', 'CAP_SYS_NICE', 'CAP_SYSLOG', 'CAP_BPF', 'CAP_PERFMON'],
];

let directory: string;
let oracle: string;
type Machine = (typeof MACHINES)[number];
const compare = needs.test(libseccomp());
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-seccomp-'));
  if (libseccomp().met) oracle = compileOracle(directory);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** The verdicts of both, for calls that libseccomp's own table has: names it does not know are not in its filter. */
function differences(
  profile: Seccomp,
  { arch, architectures }: Machine,
  calls: readonly string[] | 'all',
  argumentsOf: (name: string) => readonly bigint[][],
): string[] {
  const [ours, theirs] = [compileProfile(profile, { arch }).bytes, compileWithLibseccomp(oracle, profile)];
  const found: string[] = [];
  for (const architecture of architectures) {
    const numbers = numbersOf(architecture);
    for (const name of calls === 'all' ? numbers.keys() : calls) {
      const nr = numbers.get(name);
      if (nr === undefined || isUnknownToLibseccomp(architecture, nr)) continue;
      for (const args of argumentsOf(name)) {
        const call = { auditArch: AUDIT_ARCH[architecture], nr, args };
        const [one, other] = [simulate(ours, call).value, simulate(theirs, call).value];
        if (one !== other)
          found.push(`${architecture} ${name}(${args}): ${one.toString(16)}, not ${other.toString(16)}`);
      }
    }
  }
  return found;
}

/** Debian's libseccomp 2.5.4 ends with the calls of Linux 5.17. ARM's private calls that no profile names count as new to us. */
function isUnknownToLibseccomp(architecture: FilteredArchitecture, number: number): boolean {
  const plain = architecture === 'SCMP_ARCH_X32' ? number - 0x40000000 : number;
  return (plain > 449 && plain < 512) || plain === 335 || [0xf0003, 0xf0004, 0xf0006].includes(plain);
}

for (const machine of MACHINES) {
  for (const capabilities of CAPABILITIES) {
    compare(`the default profile on ${machine.arch} with ${capabilities.join(' ') || 'no'} capabilities`, () => {
      const profile = defaultProfile({ arch: machine.arch, capabilities, kernel: '6.18.0' });
      const argumentsOf = (name: string): bigint[][] => (ARGUMENTS[name] ?? [0n]).map((first) => [first]);
      expect(differences(profile, machine, 'all', argumentsOf)).toEqual([]);
    });
  }

  compare(`random profiles on ${machine.arch}`, () => {
    const withoutX32 = { ...machine, architectures: machine.architectures.filter((one) => one !== 'SCMP_ARCH_X32') };
    const disjoint = profiles(withoutX32.architectures, 5).map(withoutOverlap);
    fc.assert(
      fc.property(
        disjoint.chain((profile) => fc.tuple(fc.constant(profile), argumentsFor(profile))),
        ([profile, args]) => {
          expect(differences(profile, withoutX32, CALLS, () => [args])).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });
}

/**
 * One rule with conditions for a call at most: which of several counts, libseccomp does not say. None for calls of which
 * it compares more than the kernel looks at, and none of several conditions on one argument, which it refuses. The
 * last rule names a call above all that are tried, for libseccomp has no verdict of its own for newer ones.
 */
function withoutOverlap(profile: Seccomp): Seccomp {
  const seen = new Set<string>(['personality', 'prctl']);
  const syscalls = (profile.syscalls ?? []).map((rule) => {
    if (!rule.args?.length) return rule;
    const names = rule.names.filter((name) => !seen.has(name));
    for (const name of names) seen.add(name);
    const args = rule.args.filter(
      (one, index, all) => all.findIndex(({ index: other }) => other === one.index) === index,
    );
    return { ...rule, names: names.length > 0 ? names : ['no_such_call'], args };
  });
  const last = { names: ['futex_waitv'], action: 'SCMP_ACT_LOG' as const };
  return { ...profile, syscalls: [...syscalls, last] };
}
