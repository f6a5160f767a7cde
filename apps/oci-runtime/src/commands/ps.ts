import { spawnSync } from 'node:child_process';
import { open } from '@coracle/cgroups';
import { find, Store } from '@coracle/container/detached';
import { parseCommandLine, UsageError } from '../command-line.ts';
import type { Settings } from '../global-options.ts';
import { print } from '../output.ts';

/** `coracle-oci ps`: the processes of a container, as this process numbers them. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  const { options, words } = parseCommandLine(args, [
    { long: 'format', short: 'f', value: 'table|json', help: 'how: the table of ps(1) if absent' },
  ]);
  const [id, ...psArgs] = words;
  if (id === undefined) throw new UsageError('ps needs the id of a container', 'write ps ID [OPTION OF PS...]');
  const { record, status } = find(new Store(settings.root), id);
  const found = open(record.cgroups).processes();
  const alone = status === 'stopped' || !record.process ? [] : [record.process.pid];
  const pids = found.length > 0 ? found : alone;
  const format = options.text('format') ?? 'table';
  if (format === 'json') await print(`${JSON.stringify(pids)}\n`);
  else if (format === 'table') await print(psTable(pids, psArgs));
  else throw new UsageError(`--format is table or json, and not ${JSON.stringify(format)}`);
  return 0;
}

/** The lines of ps(1) about these processes, below its headings. */
function psTable(pids: readonly number[], given: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('ps', given.length === 0 ? ['-ef'] : [...given], {
    encoding: 'utf8',
  });
  if (error || status !== 0)
    throw new UsageError(
      `ps could not be run: ${error?.message ?? stderr.trim()}`,
      'install procps, or use --format json',
    );
  const [headings = '', ...lines] = stdout.trimEnd().split('\n');
  const column = headings.trim().split(/\s+/).indexOf('PID');
  if (column < 0) throw new UsageError('these options of ps show no PID', 'let it show that column');
  const shown = lines.filter((line) => pids.includes(Number(line.trim().split(/\s+/)[column])));
  return `${[headings, ...shown].join('\n')}\n`;
}
