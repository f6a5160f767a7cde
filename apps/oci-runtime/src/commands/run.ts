import { create, remove, Store, start } from '@coracle/container/detached';
import { adopt, awaitExit } from '../adopt.ts';
import { onlyId, parseCommandLine } from '../command-line.ts';
import { Console, refuseConsoleSocket } from '../console.ts';
import type { Settings } from '../global-options.ts';
import { describeError, log } from '../log.ts';
import { CREATE_OPTIONS, createOptions } from './create.ts';

/** `coracle-oci run`: creates and starts a container, and stays until it ends, unless it is to be left alone. */
export async function command(args: readonly string[], settings: Settings): Promise<number> {
  const { options, words } = parseCommandLine(
    args,
    [
      ...CREATE_OPTIONS,
      { long: 'detach', short: 'd', help: 'do not wait for its end' },
      { long: 'keep', help: 'do not delete it at its end' },
      { long: 'no-subreaper', help: 'do not take in the processes that it leaves' },
    ],
    { anywhere: true },
  );
  const id = onlyId(words, 'run');
  const store = new Store(settings.root);
  const detached = options.has('detach');
  const wanted = createOptions(options, { id, settings });
  const onHookFailure = (error: Error): void => log(settings.log, 'warning', describeError(error));
  if (!detached) adopt();
  const terminal = !detached && wanted.config.process?.terminal ? openConsole(wanted.consoleSocket) : undefined;
  try {
    const pid = await create(store, { ...wanted, ...(terminal ? { consoleSocket: terminal.path } : {}) });
    try {
      if (detached) {
        await start(store, id, { onHookFailure });
        return 0;
      }
      const ended = awaitExit(pid);
      terminal?.connect();
      await start(store, id, { onHookFailure });
      const code = await ended;
      await terminal?.finish();
      if (!options.has('keep')) await remove(store, id, { onHookFailure });
      return code;
    } catch (error) {
      if (!options.has('keep')) await remove(store, id, { force: true, onHookFailure });
      throw error;
    }
  } finally {
    terminal?.close();
  }
}

function openConsole(consoleSocket: string | undefined): Console {
  if (consoleSocket !== undefined) throw refuseConsoleSocket();
  return new Console();
}
