import { ConfigError, type Seccomp, type SeccompRule } from '@coracle/oci-spec';
import { type Arch, hostArch } from '@coracle/syscalls';
import { AUDIT_ARCH, architecturesOn, type FilteredArchitecture, numbersOf, X32_BIT } from './architectures.ts';
import { assemble } from './assemble.ts';
import { DATA, MOST_INSTRUCTIONS, toBytes } from './bpf.ts';
import { createGraph, type Graph, type Node, TooLongError } from './graph.ts';
import { fallbackOf, rangesOf } from './ranges-of.ts';
import { type Range, search } from './search.ts';
import { verdictOf } from './verdict.ts';

/** The number that a tracer puts in place of a call's, to have it skipped. */
const NO_CALL = 0xffffffff;

/** A profile as the kernel takes it. */
export interface Filter {
  /** Instructions, 8 bytes each: `struct sock_filter`. */
  bytes: Uint8Array;
  /** The profile's flags; `SECCOMP_FILTER_FLAG_TSYNC` is left out, for one thread loads the filter. */
  flags: NonNullable<Seccomp['flags']>;
  /** Some calls wait for a listener's answer. */
  notifies: boolean;
  /** Names in the profile that no filtered architecture has, each once. */
  unknown: string[];
}

/** What {@link compileProfile} compiles for. */
export interface CompileOptions {
  /** Of the machine that loads the filter; this one's if absent. */
  arch?: Arch;
}

/**
 * Compiles the `linux.seccomp` of a configuration to classic BPF.
 *
 * The filter finds a call by binary search over ranges of numbers, so that a call costs the logarithm of the profile;
 * since Linux 5.11 the kernel runs no filter at all for calls that are allowed whatever their arguments.
 *
 * Calls of a higher number than all in the profile fail with ENOSYS, not with the default's errno: they are newer than
 * the profile, and C libraries fall back on ENOSYS alone; runc does the same. A call of an architecture that the profile
 * does not have kills the process.
 * @throws {ConfigError} the filter would be longer than the kernel's 4096 instructions
 * @see seccomp(2), config-linux.md#seccomp of the OCI runtime specification
 * @example
 * compileProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] });
 */
export function compileProfile(profile: Seccomp, { arch = hostArch() }: CompileOptions = {}): Filter {
  const architectures = architecturesOn(arch, profile.architectures);
  return {
    bytes: instructionsOf(profile, architectures),
    flags: (profile.flags ?? []).filter((flag) => flag !== 'SECCOMP_FILTER_FLAG_TSYNC'),
    notifies: [profile, ...(profile.syscalls ?? [])].some(asks),
    unknown: unknownNames(profile, architectures),
  };
}

function asks(part: Seccomp | SeccompRule): boolean {
  return ('action' in part ? part.action : part.defaultAction) === 'SCMP_ACT_NOTIFY';
}

function instructionsOf(profile: Seccomp, architectures: readonly FilteredArchitecture[]): Uint8Array {
  try {
    return toBytes(assemble(dispatch(createGraph(), profile, architectures)));
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error;
    const found = `rules for more than ${MOST_INSTRUCTIONS} instructions`;
    throw new ConfigError({ path: '$.linux.seccomp.syscalls', found, allowed: 'few enough for one filter' });
  }
}

function dispatch(graph: Graph, profile: Seccomp, architectures: readonly FilteredArchitecture[]): Node {
  const foreign = graph.verdict(verdictOf('SCMP_ACT_KILL_PROCESS'));
  const tests = architectures
    .filter((architecture) => architecture !== 'SCMP_ARCH_X32') // goes by the name of x86-64
    .reduceRight((next, architecture) => {
      const ranges =
        architecture === 'SCMP_ARCH_X86_64'
          ? rangesOfX64(graph, profile, architectures, foreign)
          : rangesOf(graph, profile, architecture);
      return graph.branch('equal', AUDIT_ARCH[architecture], graph.load(DATA.nr, search(graph, ranges)), next);
    }, foreign);
  return graph.load(DATA.arch, tests);
}

function rangesOfX64(
  graph: Graph,
  profile: Seccomp,
  architectures: readonly FilteredArchitecture[],
  foreign: Node,
): Range[] {
  const hasX32 = architectures.includes('SCMP_ARCH_X32');
  return [
    ...rangesOf(graph, profile, 'SCMP_ARCH_X86_64'),
    ...(hasX32 ? rangesOf(graph, profile, 'SCMP_ARCH_X32') : [{ from: X32_BIT, node: foreign }]),
    { from: NO_CALL, node: fallbackOf(graph, profile) },
  ];
}

function unknownNames({ syscalls = [] }: Seccomp, architectures: readonly FilteredArchitecture[]): string[] {
  const tables = architectures.map(numbersOf);
  const names = new Set(syscalls.flatMap((rule) => rule.names));
  return [...names].filter((name) => !tables.some((numbers) => numbers.has(name)));
}
