import type { Config } from '@coracle/oci-spec';
import { randomBytes } from '@coracle/syscalls';
import { Container, type LifeOptions } from '../container.ts';
import type { RunResult } from '../result.ts';
import { collect, type RunOptions, stdioFor } from '../run.ts';
import { cannot } from './config-error.ts';
import { type PrepareConfigOptions, prepareConfig } from './prepare-config.ts';

/** Where a configuration comes from, and how its container lives. */
export interface ConfigOptions extends Omit<PrepareConfigOptions, 'id' | 'terminalSettings'>, LifeOptions {
  /** A random one if absent. */
  id?: string;
}

/** Options of {@link runConfig}. */
export type RunConfigOptions = Omit<ConfigOptions, 'callerTerminal'> & Pick<RunOptions, 'input' | 'maxOutput'>;

/**
 * Makes the container of a configuration; it waits for `start()`, and is all that a container by options is: it ends with this
 * process, and nothing is left of it.
 *
 * Hooks are refused: they are for the command that a container engine calls.
 * @param config what the config.json of the bundle holds; checked first
 * @throws {ConfigError} for what is no configuration, and for parts of one that this machine or this runtime cannot do
 * @throws SystemError for what the system refused, with the step, the errno and the remedy; nothing is left behind
 * @example
 * await using box = await createFromConfig(JSON.parse(readFileSync('/srv/box/config.json', 'utf8')), { bundle: '/srv/box' });
 * await box.start();
 * await box.wait();
 */
export function createFromConfig(config: unknown, options: ConfigOptions): Promise<Container> {
  return Container.createFrom({ ...options, prepare: () => prepareFor(config, options) });
}

/**
 * Runs the program of a configuration to its end and resolves with how it ended and what it wrote. A failing program is a result.
 * @param config what the config.json of the bundle holds; checked first
 * @throws {ConfigError} as {@link createFromConfig}, and for a configuration with a terminal: there is nobody in front of it
 * @throws SystemError for what the system refused; {@link ProgramError} when the program cannot be started
 * @example
 * const { exitCode, stdout } = await runConfig(rootlessConfig({ uid: 1000, gid: 1000 }), { bundle: '/srv/box' });
 */
export function runConfig(config: unknown, options: RunConfigOptions): Promise<RunResult> {
  const prepare = (): ReturnType<typeof prepareConfig> => {
    const prepared = prepareFor(config, options);
    if (prepared.plan.terminal)
      throw cannot(
        { path: '$.process.terminal', value: true },
        'false or absent, as what the program writes is collected',
        'createFromConfig gives the terminal (takeTerminal)',
      );
    return prepared;
  };
  return collect(Container.runFrom({ ...options, ...stdioFor(options), prepare }), options);
}

function prepareFor(value: unknown, options: ConfigOptions): ReturnType<typeof prepareConfig> {
  const id = options.id ?? `coracle-${Buffer.from(randomBytes(6)).toString('hex')}`;
  const prepared = prepareConfig(value, { ...options, id, terminalSettings: options.callerTerminal?.settings });
  refuseHooks(prepared.config);
  return prepared;
}

function refuseHooks({ hooks = {} }: Config): void {
  for (const [name, list] of Object.entries(hooks))
    if (list !== undefined && list.length > 0)
      throw cannot({ path: `$.hooks.${name}`, value: list }, 'absent, as hooks are for the command that engines call');
}
