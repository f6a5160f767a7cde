import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';

const ROOT = new URL('../../..', import.meta.url).pathname;
const COMMAND = [process.execPath, '--conditions=@coracle/source', '--import=tsx', 'examples/cgtop/cgtop.ts'];
const [ENTER, LEAVE] = ['\x1b[?1049h', '\x1b[?1049l'];

function table(...options: string[]): string {
  const [node = '', ...args] = COMMAND;
  return execFileSync(node, [...args, '--once', '--interval', '0.05', ...options], { cwd: ROOT, encoding: 'utf8' });
}

describe('cgtop --once', () => {
  test('prints a head and the top group, and nothing that a pipe could not take', () => {
    const output = table();
    const [head = '', ...lines] = output.trimEnd().split('\n');
    expect(head.trim().split(/\s+/)).toEqual(['CPU', 'MEMORY', 'PIDS', 'IO/s', 'GROUP']);
    for (const line of lines) expect(line).toMatch(/^(\s+(-|[\d.]+[%KMGT]?)){4} {2}\//);
    expect(output).not.toContain('\x1b');
  });

  test.each([
    ['--sort=colour', 'cpu, memory, pids, io, name'],
    ['--colour', "Unknown option '--colour'"],
  ])('%s is refused in one line', (option, why) => {
    const [node = '', ...args] = COMMAND;
    const { status, stderr } = spawnSync(node, [...args, option], { cwd: ROOT, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(why) });
    expect(stderr).toMatch(/^cgtop: .*\n$/);
  });
});

// script(1) gives it a terminal of its own.
needs.describe(needs.program('script'))('cgtop in a terminal', () => {
  test.each([
    ['q', 'q'],
    ['Ctrl-C', '\x03'],
  ])('%s ends it, and leaves the terminal as it was', async (_, key) => {
    const command = `${COMMAND.join(' ')} --interval 0.2; echo "code $?"; stty -a`;
    const terminal = spawn('script', ['-qec', command, '/dev/null'], { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const screen = new Screen(terminal.stdout);
      await screen.shows('by cpu');
      terminal.stdin.write('m');
      await screen.shows('by memory');
      terminal.stdin.write(key);
      // Part of what stty prints, after cgtop has ended.
      await screen.shows('iexten');
      expect(screen.text.indexOf(LEAVE)).toBeGreaterThan(screen.text.indexOf(ENTER));
      expect(screen.text.slice(screen.text.indexOf(LEAVE))).toMatch(/code 0[\s\S]* icanon[\s\S]* echo /);
    } finally {
      terminal.kill();
    }
  });
});

/** What was printed so far. */
class Screen {
  text = '';
  readonly #stream: NodeJS.ReadableStream;

  constructor(stream: NodeJS.ReadableStream) {
    this.#stream = stream;
    stream.on('data', (chunk) => {
      this.text += String(chunk);
    });
  }

  /** Waits for a text. */
  async shows(wanted: string): Promise<void> {
    while (!this.text.includes(wanted)) await once(this.#stream, 'data');
  }
}
