import { spawn } from 'node:child_process';
import ts from 'typescript';
import type { Snippet } from './snippet.ts';

/** How a snippet is run. */
export interface RunOptions {
  /** Directory that imports are resolved from. */
  cwd: string;
  /** Uses what `npm run build` made; otherwise the sources. */
  built: boolean;
  /** Default: 60 seconds. */
  timeoutMs?: number;
}

/** A snippet that did not end with exit code 0. */
export interface RunFailure {
  /** `'exit code 1'`, or the signal's name. */
  reason: string;
  output: string;
}

/**
 * Runs a snippet as a program of its own, without standard input.
 * @returns undefined when it ended well
 * @example
 * const failure = await runSnippet(snippet, { cwd: 'packages/errors', built: false });
 * if (failure) console.error(failure.reason, failure.output);
 */
export function runSnippet(
  { code }: Snippet,
  { cwd, built, timeoutMs = 60_000 }: RunOptions,
): Promise<RunFailure | undefined> {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  const program = ts.transpileModule(code, { compilerOptions }).outputText;
  const fromSources = built ? [] : ['--import', 'tsx', '--conditions=@coracle/source'];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...fromSources, '--input-type=module', '--eval', program], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      resolve(exitCode === 0 ? undefined : { reason: signal ?? `exit code ${exitCode}`, output });
    });
  });
}
