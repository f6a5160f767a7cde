import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { availableCapabilities, fromMask } from '@coracle/capabilities';
import { runConfig } from '@coracle/container/config';
import type { Config } from '@coracle/oci-spec';
import { needs } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import fc from 'fast-check';
import { type Bundle, makeBundle } from './support/bundle.ts';
import { comparable } from './support/compare.ts';
import { configurations } from './support/generate.ts';
import { makeNamespaces, type Namespaces } from './support/namespaces.ts';
import { parseSight, type Sight } from './support/probe.ts';

/** How many configurations are compared, and where their series begins: more in the environment. */
const RUNS = Number(process.env['CORACLE_DIFFERENTIAL_RUNS'] ?? 16);
const SEED = Number(process.env['CORACLE_DIFFERENTIAL_SEED'] ?? 1);

let bundle: Bundle;
let state: string;
let joinable: Namespaces;
beforeAll(async () => {
  joinable = await makeNamespaces();
  bundle = makeBundle();
  state = mkdtempSync(join(tmpdir(), 'coracle-runc-'));
});
afterAll(() => {
  joinable[Symbol.dispose]();
  bundle[Symbol.dispose]();
  rmSync(state, { recursive: true, force: true });
});

async function byRunc(config: Config, id: string): Promise<Sight> {
  bundle.write(config);
  const { error, stdout, stderr } = await new Promise<{ error: Error | null; stdout: string; stderr: string }>(
    (resolve) => {
      execFile('runc', ['--root', state, 'run', '--bundle', bundle.path, id], (error, stdout, stderr) =>
        resolve({ error, stdout, stderr }),
      );
    },
  );
  return error ? refused('runc', stderr) : parseSight(stdout);
}

async function byUs(config: Config, id: string): Promise<Sight> {
  try {
    const { stdout, stderr, exitCode } = await runConfig(config, { bundle: bundle.path, id });
    return exitCode === 0 ? parseSight(stdout) : refused('coracle', `exit code ${exitCode}: ${stderr}`);
  } catch (error) {
    return refused('coracle', String(error));
  }
}

const refusals: string[] = [];

/** What one refuses, the other has to refuse too, each in words of its own. */
function refused(who: string, why: string): Sight {
  refusals.push(`${who}: ${why}`);
  return { 'is refused': 'yes' };
}

describe('a generated configuration', () => {
  needs.test(needs.root, needs.program('runc'))(
    'shows its program the same as under runc',
    async () => {
      const available = fromMask(availableCapabilities().available);
      const scene = { bundle: bundle.path, joinable: joinable.paths, available };
      const samples = fc.sample(configurations(scene), { numRuns: RUNS, seed: SEED });
      expect(samples).toHaveLength(RUNS);
      for (const [index, config] of samples.entries()) {
        const theirs = comparable(await byRunc(config, `runc${index}`), {
          id: `runc${index}`,
          config,
          joinable: joinable.paths,
        });
        const ours = comparable(await byUs(config, `ours${index}`), {
          id: `ours${index}`,
          config,
          joinable: joinable.paths,
        });
        try {
          expect(ours).toEqual(theirs);
        } catch (error) {
          const words = refusals.slice(-2).join('; ');
          throw new Error(`configuration ${index} of seed ${SEED}: ${JSON.stringify(config)} (${words})`, {
            cause: error,
          });
        }
      }
      // A series of refusals would show nothing.
      expect(refusals.length).toBeLessThan(samples.length / 2);
    },
    RUNS * 30_000,
  );
});
