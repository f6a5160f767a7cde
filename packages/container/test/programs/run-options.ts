/**
 * Runs a script in a container and prints what came of it as JSON. Run by tests as an ordinary user. Argument: the
 * options of run() and, as `script`, what sh is to run.
 */
import { run } from '../../src/index.ts';

const { script, ...options } = JSON.parse(process.argv[2] ?? '{}');
try {
  const { exitCode, stdout, stderr, isolation } = await run('sh', ['-c', script], options);
  console.log(JSON.stringify({ exitCode, stdout, stderr, userIds: isolation.userIds }));
} catch (error) {
  console.log(JSON.stringify({ ...(error as object), message: String(error) }));
}
