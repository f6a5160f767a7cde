import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { SECCOMP_OPERATORS, type Seccomp } from '@coracle/oci-spec';
import { needs, type Requirement } from '@coracle/test-support';

const SOURCE = join(import.meta.dirname, 'libseccomp-oracle.c');

/** A C compiler and libseccomp with its headers. */
export function libseccomp(): Requirement {
  const { status } = spawnSync('gcc', ['-fsyntax-only', '-x', 'c', '-'], { input: '#include <seccomp.h>\n' });
  return { what: `${needs.program('gcc').what} with libseccomp-dev`, met: status === 0 };
}

/** Compiles the program that speaks to libseccomp. */
export function compileOracle(directory: string): string {
  const program = join(directory, 'libseccomp-oracle');
  execFileSync('gcc', ['-O1', '-Wall', '-Werror', SOURCE, '-o', program, '-lseccomp']);
  return program;
}

/** Numbers of SCMP_ACT_* in seccomp.h. */
const ACTION = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
} as const;

/** What libseccomp makes of a profile, called as runc calls it. */
export function compileWithLibseccomp(program: string, profile: Seccomp): Uint8Array {
  const action = (name: keyof typeof ACTION, data = 1): number =>
    ACTION[name] + (name === 'SCMP_ACT_ERRNO' || name === 'SCMP_ACT_TRACE' ? data : 0);
  const fallback = action(profile.defaultAction, profile.defaultErrnoRet);
  const [native, ...others] = (profile.architectures ?? []).map((name) => name.replace('SCMP_ARCH_', '').toLowerCase());
  const lines = [`default ${fallback}`, `only ${native}`, ...others.map((name) => `arch ${name}`)];
  for (const rule of profile.syscalls ?? []) {
    const wanted = action(rule.action, rule.errnoRet);
    if (wanted === fallback) continue;
    const conditions = (rule.args ?? []).map(
      ({ index, op, value, valueTwo = 0 }) => `${index} ${SECCOMP_OPERATORS.indexOf(op) + 1} ${value} ${valueTwo}`,
    );
    for (const name of rule.names) lines.push(['rule', wanted, name, ...conditions].join(' '));
  }
  return execFileSync(program, { input: `${lines.join('\n')}\n`, stdio: ['pipe', 'pipe', 'ignore'] });
}
