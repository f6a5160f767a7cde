import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Arch } from '@coracle/syscalls';
import { needs, type Requirement } from '@coracle/test-support';

const COMPILERS: Record<Arch, { compiler: string; objcopy: string }> = {
  x64: { compiler: 'x86_64-linux-gnu-gcc', objcopy: 'x86_64-linux-gnu-objcopy' },
  arm64: { compiler: 'aarch64-linux-gnu-gcc', objcopy: 'aarch64-linux-gnu-objcopy' },
};

export const ARCHES: readonly Arch[] = ['x64', 'arm64'];

/** A C compiler for an architecture with its libc's and the kernel's headers; nothing compiled is ever run. */
export function compilerFor(arch: Arch): Requirement {
  const { compiler } = COMPILERS[arch];
  const input = '#include <sys/socket.h>\n#include <linux/types.h>\n';
  const { status } = spawnSync(compiler, ['-fsyntax-only', '-x', 'c', '-'], { input });
  return { what: `${needs.program(compiler).what} with headers`, met: status === 0 };
}

/** A question to the compiler. */
export interface Question {
  /** Integer constant expressions. */
  expressions: readonly string[];
  includes: readonly string[];
  /** Expressions are names that older headers may lack; the answer is `undefined` then. */
  mayLack?: boolean;
}

/** The values of expressions, as a compiler for the architecture sees them: read from the data of an object file. */
export function evaluate(arch: Arch, { expressions, includes, mayLack }: Question): (bigint | undefined)[] {
  const { compiler, objcopy } = COMPILERS[arch];
  const directory = mkdtempSync(join(tmpdir(), 'coracle-headers-'));
  try {
    const [source, object, data] = ['x.c', 'x.o', 'x.bin'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const known = (name: string): string =>
      mayLack ? `\n#ifdef ${name}\n1, (long long)(${name}),\n#else\n0, 0,\n#endif\n` : `1, (long long)(${name}),\n`;
    const text = [
      '#define _GNU_SOURCE',
      '#include <stddef.h>',
      ...includes.map((header) => `#include <${header}>`),
      'long long values[] __attribute__((section(".values"))) = {',
      ...expressions.map(known),
      '};',
    ].join('\n');
    writeFileSync(source, text);
    execFileSync(compiler, ['-w', '-c', source, '-o', object]);
    execFileSync(objcopy, ['-O', 'binary', '-j', '.values', object, data]);
    const bytes = readFileSync(data);
    return expressions.map((_, index) =>
      bytes.readBigInt64LE(index * 16) ? bytes.readBigInt64LE(index * 16 + 8) : undefined,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}
