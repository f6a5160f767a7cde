import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { availableCapabilities, fromMask } from '@coracle/capabilities';
import { runConfig } from '@coracle/container/config';
import type { Config } from '@coracle/oci-spec';
import { needs, type Requirement } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import fc from 'fast-check';
import { type Bundle, makeBundle } from './support/bundle.ts';
import { comparable } from './support/compare.ts';
import { withoutCrunsWays } from './support/cruns-ways.ts';
import { configurations } from './support/generate.ts';
import { makeNamespaces, type Namespaces } from './support/namespaces.ts';
import { parseSight, type Sight } from './support/probe.ts';

/** Whom we are compared with: `runc` or `crun`. */
const PEER = process.env['CORACLE_DIFFERENTIAL_PEER'] ?? 'runc';
/** How many configurations are compared, and where their series begins: more in the environment. */
const RUNS = Number(process.env['CORACLE_DIFFERENTIAL_RUNS'] ?? 16);
const SEED = Number(process.env['CORACLE_DIFFERENTIAL_SEED'] ?? 1);

let bundle: Bundle;
let state: string;
let joinable: Namespaces;
beforeAll(async () => {
  joinable = await makeNamespaces();
  bundle = makeBundle();
  state = mkdtempSync(join(tmpdir(), 'coracle-peer-'));
});
afterAll(() => {
  joinable[Symbol.dispose]();
  bundle[Symbol.dispose]();
  rmSync(state, { recursive: true, force: true });
});

async function byPeer(config: Config, id: string): Promise<Sight> {
  bundle.write(config);
  const { error, stdout, stderr } = await new Promise<{ error: Error | null; stdout: string; stderr: string }>(
    (resolve) => {
      execFile(PEER, ['--root', state, 'run', '--bundle', bundle.path, id], (error, stdout, stderr) =>
        resolve({ error, stdout, stderr }),
      );
    },
  );
  return error ? refused(PEER, stderr) : parseSight(stdout);
}

async function byUs(config: Config, id: string): Promise<Sight> {
  try {
    const { stdout, stderr, exitCode } = await runConfig(config, {
      bundle: bundle.path,
      id,
      stateRoot: join(state, 'ours'),
    });
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

/** The lines that only one of the two has. */
function difference(theirs: readonly string[] = [], ours: readonly string[] = []): string {
  const only = (mine: readonly string[], others: readonly string[]): string[] =>
    mine.filter((line) => !others.includes(line));
  return JSON.stringify({ [PEER]: only(theirs, ours), coracle: only(ours, theirs) });
}

/** crun takes version 1 for what it is only where it finds the hierarchy of huge pages. */
function crunsHierarchies(): Requirement[] {
  if (PEER !== 'crun') return [];
  const met = existsSync('/sys/fs/cgroup/cgroup.controllers') || existsSync('/sys/fs/cgroup/hugetlb');
  return [{ what: 'cgroups that crun takes', met }];
}

describe('a generated configuration', () => {
  needs.test(needs.root, needs.program(PEER), ...crunsHierarchies())(
    `shows its program the same as under ${PEER}`,
    async () => {
      const available = fromMask(availableCapabilities().available);
      const scene = { bundle: bundle.path, joinable: joinable.paths, available };
      const samples = fc.sample(configurations(scene), { numRuns: RUNS, seed: SEED });
      expect(samples).toHaveLength(RUNS);
      const differences: string[] = [];
      for (const [index, config] of samples.entries()) {
        const about = (id: string): Parameters<typeof comparable>[1] => ({ id, config, joinable: joinable.paths });
        const seen = (sight: Sight, id: string): ReturnType<typeof comparable> => {
          const lines = comparable(sight, about(id));
          return PEER === 'crun' ? withoutCrunsWays(lines, config) : lines;
        };
        const theirs = seen(await byPeer(config, `peer${index}`), `peer${index}`);
        const ours = seen(await byUs(config, `ours${index}`), `ours${index}`);
        const questions = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
        const differing = questions.filter((question) => !isDeepStrictEqual(theirs[question], ours[question]));
        if (differing.length === 0) continue;
        const shown = differing.map((question) => `${question}: ${difference(theirs[question], ours[question])}`);
        const without = { ...config, process: { ...config.process, args: ['the probe'] } };
        const refused = shown.some((line) => line.startsWith('is refused')) ? refusals.slice(-2).join('; ') : '';
        differences.push(
          `configuration ${index} of seed ${SEED}:\n${shown.join('\n')}\n${refused}\n${JSON.stringify(without)}`,
        );
      }
      expect(differences).toEqual([]);
      // A series of refusals would show nothing.
      expect(refusals.length).toBeLessThan(samples.length / 2);
    },
    RUNS * 30_000,
  );
});
