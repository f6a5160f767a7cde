// `npm test [-- PATTERN...]`: all tests of the repository, or those whose file path matches a pattern. Unit tests run side
// by side; tests that touch the kernel (*.root.test.ts) run one after the other, for they share the machine. The last line
// says how many passed, failed and were skipped.
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './checkout.mjs';
import { ensureBuilt } from './ensure.mjs';
import { findTests, runKernelTests, runUnitTests } from './jest.mjs';
import { stateOfUsers } from './state-of-users.mjs';
import { add, exitCode, NOTHING, summary } from './tally.mjs';

const { values, positionals: patterns } = parseArgs({
  options: { 'test-name-pattern': { type: 'string', short: 't' } },
  allowPositionals: true,
});
const name = values['test-name-pattern'];

await ensureBuilt();
const scratch = mkdtempSync(join(tmpdir(), 'coracle-test-'));
chmodSync(scratch, 0o711); // other users run programs that lie in it
process.env.CORACLE_TEST_SCRATCH = scratch;
// Where a machine has certificates of its own, reading them is a third of each of the thousands of starts of Node that follow. The one
// test that fetches something finds them here.
const { NODE_EXTRA_CA_CERTS: certificates } = process.env;
delete process.env.NODE_EXTRA_CA_CERTS;
if (certificates) process.env.CORACLE_TEST_CERTIFICATES = certificates;
const removeState = stateOfUsers();
let tally = NOTHING;
try {
  const jest = { root: ROOT, scratch, cache: cacheDirectory(scratch) };
  const files = await findTests(jest, patterns);
  if (files.length === 0) process.stderr.write(`coracle: no test file matches ${patterns.join(' or ')}\n`);
  const options = name ? ['--testNamePattern', name] : [];
  const unit = files.filter((file) => !isKernelTest(file));
  if (unit.length > 0) tally = add(tally, await runUnitTests(jest, unit, options));
  tally = add(tally, await runKernelTests(jest, files.filter(isKernelTest), options));
} catch (error) {
  process.stderr.write(`coracle: ${error.message}\n`);
  tally = add(tally, { ...NOTHING, failed: 1 });
} finally {
  rmSync(scratch, { recursive: true, force: true });
  removeState();
}
process.stdout.write(summary(name ? { ...tally, skips: [] } : tally)); // those that a name leaves out say nothing
process.exitCode = exitCode(tally);

function isKernelTest(file) {
  return /\.root\.test\.\w+$/.test(file);
}

/** Kept between runs where that is possible: an ordinary user may test a checkout that belongs to another. */
function cacheDirectory(scratch) {
  const kept = join(ROOT, 'node_modules/.cache/jest');
  try {
    mkdirSync(kept, { recursive: true });
    accessSync(kept, constants.W_OK);
    return kept;
  } catch {
    return join(scratch, 'cache');
  }
}
