import { list, Store } from '@coracle/container/detached';
import { SystemError } from '@coracle/errors';
import { parseCommandLine, UsageError } from '../command-line.ts';
import type { Settings } from '../global-options.ts';
import { describeError, log } from '../log.ts';
import { nameOfUser } from '../name-of-user.ts';
import { print, table } from '../output.ts';
import { stateDocument } from '../state-document.ts';

/** `coracle-oci list`. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  const { options } = parseCommandLine(args, [
    { long: 'format', short: 'f', value: 'table|json', help: 'how: a table if absent' },
    { long: 'quiet', short: 'q', help: 'only the ids' },
  ]);
  const store = new Store(settings.root);
  if (settings.isRootGiven && !store.isThere()) throw noSuchRoot(settings.root);
  const onDamaged = (error: unknown): void => log(settings.log, 'warning', describeError(error));
  const documents = list(store, onDamaged).map((container) => ({
    ...stateDocument(container),
    owner: nameOfUser(container.record.owner),
  }));
  if (options.has('quiet')) {
    await print(documents.map(({ id }) => `${id}\n`).join(''));
    return 0;
  }
  const format = options.text('format') ?? 'table';
  if (format === 'json') await print(`${JSON.stringify(documents)}\n`);
  else if (format === 'table')
    await print(
      table([
        HEADINGS,
        ...documents.map(({ id, pid, status, bundle, created, owner }) => [
          id,
          String(pid),
          status,
          bundle,
          created,
          owner,
        ]),
      ]),
    );
  else throw new UsageError(`--format is table or json, and not ${JSON.stringify(format)}`);
  return 0;
}

/** As newer versions of runc: no containers, where somebody was wrong about the directory, would be believed. */
function noSuchRoot(path: string): SystemError {
  return new SystemError({
    code: 'ENOENT',
    syscall: 'open',
    path,
    text: 'there is no such directory',
    hint: 'containers are listed with the --root that they were created with; the first create makes the directory',
  });
}

const HEADINGS = ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'];
