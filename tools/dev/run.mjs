import { spawn } from 'node:child_process';

/** A tool that could not be started or that failed; its own output has been shown. */
export class ToolError extends Error {
  name = 'ToolError';
}

/**
 * Runs a tool whose output must not mix with the command's own: no standard input, and everything goes to standard error.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, show: 'always' | 'on-failure' }} options
 * @throws {ToolError}
 */
export function run(program, args, { cwd, env = process.env, show }) {
  const quiet = show === 'on-failure';
  const title = [program, ...args].join(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 2, 2] });
    const output = [];
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => reject(new ToolError(`could not start ${program}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      for (const chunk of output) process.stderr.write(chunk);
      reject(new ToolError(`${title} ${signal ? `was ended by ${signal}` : `failed with exit code ${code}`}`));
    });
  });
}
