/**
 * Runs command lines of `coracle run` one after the other, as the command would, and prints what came of each: its exit code, or
 * the error as it is shown. Input: a JSON array of lines, each an array of words.
 */
import { readFileSync } from 'node:fs';
import { command } from '../../../src/commands/run.ts';
import { renderError } from '../../../src/render/error.ts';

const lines: string[][] = JSON.parse(readFileSync(0, 'utf8'));
for (const words of lines) {
  const came = await command(words).then(
    (exitCode) => ({ exitCode }),
    (error: unknown) => ({ code: Object(error).code, shown: renderError(error, { debug: false, json: false }) }),
  );
  process.stdout.write(`\n${JSON.stringify(came)}\n`);
}
