#!/usr/bin/env node
// Builds the agent for both architectures and embeds it in packages/syscalls. With --check: builds it again and compares
// bit for bit with what is embedded, writing nothing.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const generated = join(here, '../../packages/syscalls/src/generated/agent.ts');

const COMMON = [
  '-Os -std=c11 -Wall -Wextra -Werror -ffreestanding -fno-stack-protector -fno-pic -fno-pie -no-pie -nostdlib -static',
  '-fno-asynchronous-unwind-tables -fomit-frame-pointer -Wl,-T,agent.ld,--build-id=none,-z,noseparate-code,-s',
].flatMap((line) => line.split(' '));
const TARGETS = {
  x64: { compiler: 'gcc', flags: ['-fcf-protection=none'] },
  arm64: { compiler: 'aarch64-linux-gnu-gcc', flags: ['-mno-outline-atomics'] },
};

function build(directory, { compiler, flags }) {
  const binary = join(directory, compiler);
  execFileSync(compiler, [...COMMON, ...flags, 'agent.c', '-o', binary], {
    cwd: here,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const bytes = readFileSync(binary);
  if (bytes.length > 2048) throw new Error(`the agent of ${compiler} has ${bytes.length} bytes; 2048 are allowed`);
  return bytes;
}

function compilerVersion(compiler) {
  return execFileSync(compiler, ['-dumpfullversion', '-dumpversion'], { encoding: 'utf8' }).trim();
}

function render(binaries, version) {
  const chunks = (bytes) =>
    bytes
      .toString('base64')
      .match(/.{1,112}/g)
      .map((line) => `    '${line}'`)
      .join(' +\n');
  const entries = Object.entries(binaries).map(
    ([arch, bytes]) => `  // ${bytes.length} bytes\n  ${arch}:\n${chunks(bytes)},`,
  );
  return `// Made by tools/agent/build.mjs from agent.c with gcc ${version}; never edit by hand.
/** The agent's static ELF for each architecture, in base64. */
export const AGENT_IMAGES: { readonly x64: string; readonly arm64: string } = {
${entries.join('\n')}
};
`;
}

const directory = mkdtempSync(join(tmpdir(), 'coracle-agent-'));
try {
  const version = compilerVersion('gcc');
  const source = render(
    Object.fromEntries(Object.entries(TARGETS).map(([arch, target]) => [arch, build(directory, target)])),
    version,
  );
  if (process.argv.includes('--check')) {
    const embedded = readFileSync(generated, 'utf8');
    const embeddedWith = /with gcc (\S+);/.exec(embedded)?.[1];
    if (embedded !== source && embeddedWith !== version) {
      console.log(`agent: not compared, it was built with gcc ${embeddedWith} and this machine has ${version}`);
    } else if (embedded !== source) {
      console.error('agent: the embedded image differs from what agent.c compiles to; run node tools/agent/build.mjs');
      process.exitCode = 1;
    } else {
      console.log('agent: the embedded images are what agent.c compiles to, bit for bit');
    }
  } else {
    writeFileSync(generated, source);
    console.log(`agent: wrote ${generated}`);
  }
} finally {
  rmSync(directory, { recursive: true });
}
