import { explainContainer } from '@coracle/container';
import { parseArguments, UsageError } from '../arguments.ts';
import { containerOptions } from '../container-options.ts';
import { COMMON_OPTIONS, CONTAINER_OPTIONS, renderOptions } from '../option-table.ts';
import { print } from '../output.ts';
import { renderExplanation } from '../render/explain.ts';
import { jsonOf } from '../render/harmless.ts';

const HELP = (): string => `coracle explain run [options] COMMAND [ARG...]

Shows the program by which this container would be made, and runs none of it. The options are those of run.

${renderOptions([...CONTAINER_OPTIONS, ...COMMON_OPTIONS])}
`;

/** `coracle explain run ...`. */
export async function command(args: readonly string[]): Promise<number> {
  const { options: before, words: first } = parseArguments(args, COMMON_OPTIONS);
  if (before.has('help')) {
    await print(HELP());
    return 0;
  }
  if (first[0] !== 'run') throw new UsageError('explain what?', 'write coracle explain run bash');
  const { options, words } = parseArguments(first.slice(1), [...CONTAINER_OPTIONS, ...COMMON_OPTIONS]);
  if (options.has('help')) {
    await print(HELP());
    return 0;
  }
  if (words.length === 0) throw new UsageError('no program to explain', 'name one: coracle explain run bash');
  const parts = explainContainer(containerOptions(options, words, process));
  const json = before.has('json') || options.has('json');
  await print(json ? `${jsonOf(parts, 2)}\n` : renderExplanation(parts));
  return 0;
}
