// A live table of all groups: one look at each a second, and the rates between two looks.
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { allGroups, type Rates, rates, type Snapshot } from '@coracle/cgroups';

// What goes wrong is one line, as of any command.
process.once('uncaughtException', ({ message }) => {
  console.error(`cgtop: ${message}`);
  process.exit(1);
});

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    sort: { type: 'string', default: 'cpu' },
    interval: { type: 'string', default: '1' },
    below: { type: 'string', default: '/' },
  },
});

interface Row {
  path: string;
  now: Snapshot;
  rates: Rates;
}

/** The columns: how to get a number, how to show it, and the key that sorts by it. */
const COLUMNS = {
  cpu: {
    title: 'CPU',
    get: ({ rates }: Row) => rates.cpu?.processors,
    show: (cpus: number) => `${(cpus * 100).toFixed(1)}%`,
  },
  memory: { title: 'MEMORY', get: ({ now }: Row) => toNumber(now.memory?.workingSetBytes), show: size },
  pids: { title: 'PIDS', get: ({ now }: Row) => toNumber(now.pids?.current), show: String },
  io: {
    title: 'IO/s',
    get: ({ rates: { io } }: Row) => io && io.readBytesPerSecond + io.writtenBytesPerSecond,
    show: size,
  },
};
const WIDTH = 10;
const KEYS: Readonly<Record<string, string>> = { c: 'cpu', m: 'memory', p: 'pids', i: 'io', n: 'name' };
/** So many groups are looked at without a pause for the keys. */
const AT_ONCE = 50;

let sort = values.sort;
let rows: Row[] = [];

async function look(before: ReadonlyMap<string, Snapshot>): Promise<Map<string, Snapshot>> {
  const seen = new Map<string, Snapshot>();
  rows = [];
  for (const group of allGroups({ below: values.below })) {
    const now = group.stats(['cpu.usageNanoseconds', 'memory.workingSetBytes', 'pids.current', 'io']);
    seen.set(group.path, now);
    rows.push({ path: group.path, now, rates: rates(before.get(group.path) ?? now, now) });
    if (seen.size % AT_ONCE === 0) await breathe();
  }
  return seen;
}

function table(): string[] {
  const columns = Object.values(COLUMNS);
  const head = `${columns.map(({ title }) => title.padStart(WIDTH)).join('')}  GROUP`;
  const lines = [...rows].sort(compare).map((row) => {
    const cells = columns.map(({ get, show }) => {
      const number = get(row);
      return (number === undefined ? '-' : show(number)).padStart(WIDTH);
    });
    // A name can hold anything: also what a terminal would obey.
    return `${cells.join('')}  ${row.path.replace(/\p{Cc}/gu, '?')}`;
  });
  return [head, ...lines];
}

function compare(a: Row, b: Row): number {
  const column = Object.entries(COLUMNS).find(([name]) => name === sort)?.[1];
  const number = (row: Row): number => column?.get(row) ?? -1;
  return number(b) - number(a) || (a.path < b.path ? -1 : 1);
}

function draw(): void {
  // Some terminals do not know their size, and say that it is zero.
  const [height, width] = [process.stdout.rows || 24, process.stdout.columns || 80];
  const help = `${rows.length} groups by ${sort}   c m p i n: sort   q: end`;
  const [head = '', ...lines] = table();
  const shown = [help, head, ...lines].slice(0, height - 1).map((line) => `${line.slice(0, width)}\x1b[K`);
  process.stdout.write(`\x1b[H${shown.join('\r\n')}\x1b[J`);
}

/** The other screen of the terminal, without a cursor, keys as they come; and everything as it was at the end. */
function takeTerminal(end: () => void): () => void {
  const { stdin, stdout } = process;
  stdout.write('\x1b[?1049h\x1b[?25l');
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on('data', (keys) => {
    for (const key of String(keys)) {
      if (key === 'q' || key === '\x03') return end();
      sort = KEYS[key] ?? sort;
    }
    draw();
  });
  stdout.on('resize', draw);
  return () => {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    stdout.write('\x1b[?25h\x1b[?1049l');
  };
}

function toNumber(count: bigint | undefined): number | undefined {
  return count === undefined ? undefined : Number(count);
}

function size(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return power === 0 ? `${Math.round(bytes)}` : `${(bytes / 1024 ** power).toFixed(1)}${' KMGT'[power]}`;
}

async function main(): Promise<void> {
  const seconds = Number(values.interval);
  if (!(seconds > 0)) throw new Error(`--interval ${values.interval} is no number of seconds`);
  if (!Object.values(KEYS).includes(sort)) throw new Error(`--sort is one of ${Object.values(KEYS).join(', ')}`);
  const stop = new AbortController();
  const pause = (): Promise<unknown> => sleep(seconds * 1000, undefined, { signal: stop.signal }).catch(() => {});
  let seen = await look(new Map());
  if (values.once || !process.stdout.isTTY) {
    await pause();
    await look(seen);
    console.log(table().join('\n'));
    return;
  }
  const giveBack = takeTerminal(() => stop.abort());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  try {
    while (!stop.signal.aborted) {
      draw();
      await pause();
      seen = await look(seen);
    }
  } finally {
    giveBack();
  }
}

await main();
