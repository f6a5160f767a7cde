import { inspectContainer } from '@coracle/container';
import { type Options, parseArguments, UsageError } from '../arguments.ts';
import { COMMON_OPTIONS, INSPECT_OPTIONS, renderOptions } from '../option-table.ts';
import { print } from '../output.ts';
import { jsonOf } from '../render/harmless.ts';
import { renderContainer } from '../render/inspect.ts';
import { stateRootOf } from '../state-root.ts';

const HELP = (): string => `coracle inspect [options] NAME|ID...

Shows what is known of running containers of yours: a JSON array, an object for each. A container is named by its name, its id,
or as much of the id as no other has. What is in force around it is told by isolation.

${renderOptions([...INSPECT_OPTIONS, ...COMMON_OPTIONS])}
`;

/** `coracle inspect`: prints nothing when one of the containers cannot be told of. */
export async function command(args: readonly string[]): Promise<number> {
  const { options, words } = parseArguments(args, [...INSPECT_OPTIONS, ...COMMON_OPTIONS]);
  if (options.has('help')) {
    await print(HELP());
    return 0;
  }
  const render = rendering(options);
  if (words.length === 0) throw new UsageError('inspect what?', 'name a running container: coracle inspect NAME');
  for (const word of words) {
    if (word.startsWith('-'))
      throw new UsageError(
        `${word} stands behind the name of a container`,
        `options come first: coracle inspect ${word} ... ${words[0]}`,
      );
  }
  const stateRoot = stateRootOf(process.env);
  const containers = words.map((word) => inspectContainer(word, { stateRoot }));
  await print(render === 'json' ? `${jsonOf(containers, 2)}\n` : containers.map(renderContainer).join('\n'));
  return 0;
}

function rendering(options: Options): 'json' | 'text' {
  const format = options.text('format') ?? 'json';
  if (format !== 'json' && format !== 'text')
    throw new UsageError(
      `--format ${format}: there are only json and text`,
      "to pick a part of it: coracle inspect NAME | jq '.[0].pid'",
    );
  if (format === 'text' && options.has('json'))
    throw new UsageError('--json and --format text contradict each other', 'leave one of them out');
  return format;
}
