import { spawn } from 'node:child_process';
import { openCache } from './cache.mjs';
import { emulatorArguments, FIRST_PORT_FD, kvmFailure, PORTS } from './emulator.mjs';
import { provideInitramfs } from './initramfs.mjs';
import { scriptOf } from './job.mjs';
import { provideKernel } from './kernel-image.mjs';
import { MachineError } from './machine-error.mjs';

const KERNEL_LINES_SHOWN = 40;

/**
 * @typedef {object} RunOptions
 * @property {import('./parts.mjs').Parts} parts
 * @property {import('./job.mjs').Job} job
 * @property {NodeJS.WritableStream} stdout gets the command's output; it is not ended
 * @property {NodeJS.WritableStream} stderr
 * @property {string} [memory] of the machine, as qemu writes it (default: `2G`)
 * @property {string} [parameters] for its kernel, beside the usual ones
 * @property {number} [bootTimeoutMs] (default: 2 minutes)
 * @property {number} [timeoutMs] for all of it (default: none)
 * @property {AbortSignal} [signal] ends the machine at once
 */

/**
 * Boots a machine, runs one command in it, and ends it. Nothing of it is left when the promise settles.
 * @param {RunOptions} options
 * @returns {Promise<number>} the command's exit code; 128 + n when signal n ended it
 * @throws {MachineError} EUSAGE, EBOOT, ETIMEOUT, EABORTED
 */
export async function runInMachine({ parts, job, memory = '2G', parameters, ...options }) {
  const script = scriptOf(job);
  const cache = openCache();
  try {
    const files = { kernel: provideKernel(parts.kernel, cache), initramfs: provideInitramfs(parts, cache) };
    return await emulate([parts.emulator, ...emulatorArguments(files, { memory, parameters })], { script, ...options });
  } finally {
    cache.close();
  }
}

async function emulate(emulator, { script, stdout, stderr, bootTimeoutMs = 120_000, timeoutMs, signal }) {
  // setpriv, because the emulator must not outlive this process, whatever ends it.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...emulator], {
    stdio: ['ignore', 'pipe', 'pipe', ...PORTS.map(() => 'pipe')],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  const timers = [];
  try {
    return await new Promise((resolve, reject) => {
      const fail = (code, message) => reject(new MachineError(code, message));
      const after = (ms, code, message) => timers.push(setTimeout(() => fail(code, message()), ms));
      const said = keepLast(child.stdout, child.stderr);
      child.stderr.on('data', () => {
        const line = kvmFailure(said());
        if (line)
          fail('EBOOT', `KVM of this computer cannot run it (${line}). Without access to /dev/kvm it is emulated`);
      });
      child.once('error', (error) => fail('EBOOT', `Could not start setpriv of util-linux: ${error.message}`));
      child.once('close', () => fail('EBOOT', `The machine stopped by itself${said()}`));
      signal?.addEventListener('abort', () => fail('EABORTED', 'Interrupted'), { once: true });
      if (signal?.aborted) fail('EABORTED', 'Interrupted');
      after(bootTimeoutMs, 'EBOOT', () => `The machine did not boot in ${bootTimeoutMs / 1000} s${said()}`);
      const onStart = () => clearTimeout(timers[0]);
      if (timeoutMs !== undefined)
        after(timeoutMs, 'ETIMEOUT', () => `The command did not end in ${timeoutMs / 1000} s`);
      converse(portsOf(child), { script, stdout, stderr, onStart, onExit: resolve });
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    child.kill('SIGKILL'); // its disk is memory and what it mounts is read-only: there is nothing to put in order
    await gone;
    for (const stream of child.stdio) stream?.destroy();
  }
}

function portsOf(child) {
  const sockets = child.stdio.slice(FIRST_PORT_FD);
  for (const socket of sockets) socket.on('error', () => {}); // the emulator's end is reported by its own event
  return Object.fromEntries(PORTS.map((name, index) => [name, sockets[index]]));
}

/** Hands over the job and waits for its exit code and for as many bytes of output as the machine says it has sent. */
function converse({ job, out, err }, { script, stdout, stderr, onStart, onExit }) {
  const received = { out: forward(out, stdout, settle), err: forward(err, stderr, settle) };
  let exit;
  let text = '';
  job.write(`${Buffer.byteLength(script)}\n${script}`);
  job.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
    if (text.startsWith('started\n')) onStart();
    exit = /^exit (\d+) (\d+) (\d+)\n/m.exec(text)?.slice(1).map(Number);
    settle();
  });
  function settle() {
    if (!exit) return;
    const [code, outBytes, errBytes] = exit;
    if (received.out() === outBytes && received.err() === errBytes) onExit(code);
  }
}

/** Copies with back pressure; gives the number of bytes that came so far. */
function forward(source, target, onData) {
  let bytes = 0;
  source.on('data', (chunk) => {
    bytes += chunk.length;
    if (!target.write(chunk)) {
      source.pause();
      target.once('drain', () => source.resume());
    }
    onData();
  });
  return () => bytes;
}

/** The last lines of what the emulator and the kernel say, for an error's message. */
function keepLast(...streams) {
  let lines = [];
  for (const stream of streams) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      lines = (lines.join('\n') + chunk).split('\n').slice(-KERNEL_LINES_SHOWN - 1);
    });
  }
  return () => {
    const text = lines.join('\n').replaceAll('\r', '').trim();
    return text === '' ? ', without a word of its kernel' : `. The last it said:\n${text}`;
  };
}
