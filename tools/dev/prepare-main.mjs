import { ROOT } from './checkout.mjs';
import { prepare } from './prepare.mjs';

try {
  await prepare(ROOT, (line) => process.stderr.write(`coracle: ${line}\n`));
} catch (error) {
  process.stderr.write(`coracle: ${error.message}\n`);
  process.exitCode = 125;
}
