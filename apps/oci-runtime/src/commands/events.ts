import { open } from '@coracle/cgroups';
import { find, Store } from '@coracle/container/detached';
import { SystemError } from '@coracle/errors';
import { onlyId, parseCommandLine, UsageError } from '../command-line.ts';
import type { Settings } from '../global-options.ts';
import { print } from '../output.ts';
import { statsDocument } from '../stats-document.ts';

/** `coracle-oci events`: lines of JSON, until the container ends; only one with `--stats`. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  const { options, words } = parseCommandLine(
    args,
    [
      { long: 'interval', value: 'TIME', help: 'between two looks: 5s if absent' },
      { long: 'stats', help: 'look once' },
    ],
    { anywhere: true },
  );
  const id = onlyId(words, 'events');
  const interval = intervalOf(options.text('interval') ?? '5s');
  const store = new Store(settings.root);
  const { record, status } = find(store, id);
  if (status === 'stopped' || status === 'creating')
    throw new SystemError({ code: 'ESRCH', syscall: 'events', path: id, text: 'container not running' });
  const group = open(record.cgroups);
  const tell = (type: string, data?: unknown): Promise<void> =>
    print(`${JSON.stringify({ type, id, ...(data === undefined ? {} : { data }) })}\n`);
  const tellStats = (): Promise<void> => tell('stats', statsDocument(group.stats()));
  if (options.has('stats')) {
    await tellStats();
    return 0;
  }
  const timer = setInterval(() => tellStats().catch(() => process.exit(1)), interval);
  try {
    for await (const event of group.events()) {
      if (event.kind === 'oom' || event.kind === 'oomKill') await tell('oom');
      if (event.kind === 'empty') break;
    }
  } finally {
    clearInterval(timer);
  }
  return 0;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function intervalOf(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const milliseconds = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (milliseconds > 0) return milliseconds;
  throw new UsageError(`--interval needs a time such as 500ms or 5s, and not ${JSON.stringify(text)}`);
}
