/** Runs a bundle and prints what came of it as JSON. Run by tests as an ordinary user. Arguments: the bundle, and where the state is kept. */
import { readFileSync } from 'node:fs';
import { runConfig } from '../../src/oci/index.ts';

const [bundle = '.', stateRoot] = process.argv.slice(2);
try {
  const config: unknown = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8'));
  const { exitCode, stdout, stderr } = await runConfig(config, { bundle, stateRoot });
  console.log(JSON.stringify({ exitCode, stdout, stderr }));
} catch (error) {
  console.log(JSON.stringify({ ...(error as object), message: String(error) }));
}
