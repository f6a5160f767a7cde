#!/usr/bin/env node
// node tools/vm/own-kernel.mjs DIRECTORY: builds a kernel for the machine out of Debian's sources, with what Debian's own leaves
// out of control groups (own-kernel.config). CORACLE_VM_KERNEL=DIRECTORY/vmlinuz then has the machine boot it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';

const CONFIG = join(import.meta.dirname, 'own-kernel.config');
const PACKAGES = 'linux-source build-essential flex bison bc libelf-dev';

const [directory] = process.argv.slice(2);
try {
  if (directory === undefined) throw new Error('usage: node tools/vm/own-kernel.mjs DIRECTORY');
  build(resolve(directory));
} catch (error) {
  process.stderr.write(`coracle-vm: ${error.message}\n`);
  process.exitCode = 1;
}

function build(place) {
  const [source, output] = [join(place, 'source'), join(place, 'build')];
  if (!existsSync(join(source, 'Makefile'))) unpack(source);
  mkdirSync(output, { recursive: true });
  const make = ['-C', source, `O=${output}`];
  run('make', [...make, 'allnoconfig'], { KCONFIG_ALLCONFIG: CONFIG });
  const missing = withoutEffect(readFileSync(join(output, '.config'), 'utf8'));
  if (missing.length > 0) throw new Error(`this kernel does not take ${missing.join(', ')}`);
  run('make', [...make, 'LOCALVERSION=-coracle-vm', `-j${availableParallelism()}`, 'bzImage']);
  const kernel = join(place, 'vmlinuz');
  copyFileSync(join(output, 'arch/x86/boot/bzImage'), kernel);
  process.stdout.write(`CORACLE_VM_KERNEL=${kernel} has the machine boot it\n`);
}

function unpack(source) {
  const [archive] = names('/usr/src')
    .filter((name) => /^linux-source-[\d.]+\.tar\.xz$/.test(name))
    .sort()
    .reverse();
  if (!archive) throw new Error(`there are no sources of a kernel: apt-get install ${PACKAGES}`);
  mkdirSync(source, { recursive: true });
  run('tar', ['-xf', join('/usr/src', archive), '-C', source, '--strip-components=1']);
}

/** Lines that the kernel's configuration has not heeded, because it knows no such thing or it depends on another. */
function withoutEffect(configuration) {
  const has = new Set(configuration.split('\n'));
  return readFileSync(CONFIG, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('CONFIG_') && !has.has(line));
}

function run(program, args, env = {}) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (error || status !== 0)
    throw new Error(`${program} failed${error ? `: ${error.message}` : ''}; it takes ${PACKAGES}`);
}

function names(path) {
  return existsSync(path) ? readdirSync(path) : [];
}
