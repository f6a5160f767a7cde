import { validateFeatures, validateState } from '@coracle/oci-spec/validate';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { allFeatures } from '../all-features.ts';
import { everything } from '../everything.ts';
import { samples } from '../samples.ts';
import { type Keys, partAt, partsOf, problemsOf, withPart } from '../tree.ts';
import { isExplained, LOOSER } from './reasons.ts';
import { officialCheck, specification } from './schemas.ts';

/** Several parts taken away, replaced by others of the same value, or by anything. */
function changed(base: unknown): fc.Arbitrary<unknown> {
  const parts = partsOf(base).filter((keys) => typeof keys.at(-1) !== 'number');
  const near = fc.constantFrom<unknown>(
    0,
    1,
    -1,
    2 ** 16,
    2 ** 32,
    2 ** 63,
    2 ** 64,
    '',
    'x',
    '/x',
    'a=b',
    true,
    [],
    {},
  );
  const words = fc.constantFrom(...parts.map((keys) => partAt(base, keys)));
  const value = fc.oneof(near, words, fc.constant(undefined), fc.jsonValue({ maxDepth: 2 }));
  const change = fc.tuple(fc.constantFrom<Keys>(...parts), value);
  return fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) =>
      changes.reduce<unknown>((config, [keys, to]) => (has(config, keys) ? withPart(config, keys, to) : config), base),
    );
}

function has(value: unknown, keys: Keys): boolean {
  return partAt(value, keys) !== undefined;
}

needs.test(specification)('thousands of changed configurations are judged as by the official schema', () => {
  const accepts = officialCheck('config');
  const counted = { both: 0, neither: 0, stricter: 0 };
  const bases = [everything, ...Object.values(samples)];
  fc.assert(
    fc.property(fc.oneof(...bases.map(changed)), (value) => {
      const problems = problemsOf(value);
      if (!accepts(value)) {
        const places = accepts.errors?.map(({ instancePath, params }) => dotted(instancePath, params)) ?? [];
        const isLooser = places.every((place) => LOOSER.some((one) => one.test(place)));
        if (problems.length === 0 && !isLooser) throw new Error(`only the schema refuses ${places}`);
        counted.neither++;
      } else if (problems.length > 0) {
        expect(problems.filter((problem) => !isExplained(problem))).toEqual([]);
        counted.stricter++;
      } else counted.both++;
    }),
    { numRuns: 4000 },
  );
  for (const count of Object.values(counted)) expect(count).toBeGreaterThan(100);
});

needs.test(specification)('changed features and states are judged as by the official schemas', () => {
  const state = { ociVersion: '1.3.0', id: 'box', status: 'stopped', pid: 7, bundle: '/b', annotations: { a: 'b' } };
  const kinds = [
    ['features', allFeatures, validateFeatures],
    ['state', state, validateState],
  ] as const;
  for (const [kind, base, validate] of kinds) {
    const accepts = officialCheck(kind);
    expect(accepts(base)).toBe(true);
    fc.assert(
      fc.property(changed(base), (value) => {
        const problems = problemsOf(value, validate);
        if (accepts(value)) expect(problems.filter((problem) => !isExplainedOf(kind, problem))).toEqual([]);
        else if (problems.length === 0) throw new Error(`only the schema refuses ${JSON.stringify(accepts.errors)}`);
      }),
      { numRuns: 2000 },
    );
  }
});

/** A state's schema has no rule on process ids, and that of features none on memory policies and parts of Intel RDT. */
function isExplainedOf(kind: 'features' | 'state', problem: Parameters<typeof isExplained>[0]): boolean {
  if (isExplained(problem)) return true;
  if (kind === 'state') return problem.path === '$.pid';
  return /^\$\.linux\.(memoryPolicy|intelRdt\.(schemata|monitoring))/.test(problem.path);
}

/** A place as we write it, from how the schema's validator does: `/linux/devices/0`, and a member that it misses. */
function dotted(pointer: string, params: Record<string, unknown>): string {
  const keys = pointer.split('/').slice(1);
  const missing = params['missingProperty'];
  if (typeof missing === 'string') keys.push(missing);
  return `$${keys.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('')}`;
}
