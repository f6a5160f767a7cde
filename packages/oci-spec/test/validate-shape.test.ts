import { validateConfig } from '@coracle/oci-spec/validate';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { everything } from './everything.ts';
import { samples } from './samples.ts';
import { type Keys, partAt, partsOf, pathOf, problemsOf, withPart } from './tree.ts';

test.each(Object.entries(samples))('%s passes without a remark', (_, sample) => {
  const remarks: unknown[] = [];
  validateConfig(sample, { onRemark: (remark) => remarks.push(remark) });
  expect(remarks).toEqual([]);
});

describe('a configuration with every field', () => {
  const parts = partsOf(everything);

  test('passes, and is returned as it is', () => {
    expect(validateConfig(everything)).toBe(everything);
  });

  test('passes after a journey through JSON', () => {
    expect(problemsOf(JSON.parse(JSON.stringify(everything)))).toEqual([]);
  });

  test('any one part replaced by a value of another kind is the one problem, by its path', () => {
    const foreign = fc.constantFrom<unknown>(
      null,
      true,
      0.5,
      'a\0b',
      [],
      {},
      [null],
      2 ** 70,
      Number.NaN,
      1n,
      Symbol.iterator,
    );
    fc.assert(
      fc.property(fc.constantFrom(...parts), foreign, (keys, value) => {
        fc.pre(kindOf(value) !== kindOf(partAt(everything, keys)));
        expect(problemsOf(withPart(everything, keys, value)).map((problem) => problem.path)).toEqual([pathOf(keys)]);
      }),
      { numRuns: 1000 },
    );
  });

  test('a NUL in any text is refused', () => {
    const texts = parts.filter((keys) => typeof partAt(everything, keys) === 'string');
    expect(texts.length).toBeGreaterThan(80);
    for (const keys of texts) {
      const paths = problemsOf(withPart(everything, keys, `${partAt(everything, keys)}\0`)).map(({ path }) => path);
      expect(paths).toEqual([pathOf(keys)]);
    }
  });

  test('a number that is not whole, or beyond 64 bits, is refused everywhere', () => {
    const numbers = parts.filter((keys) => typeof partAt(everything, keys) === 'number');
    expect(numbers.length).toBeGreaterThan(60);
    for (const keys of numbers) {
      for (const bad of [0.5, 2 ** 65, -(2 ** 65), Number.POSITIVE_INFINITY]) {
        expect(problemsOf(withPart(everything, keys, bad)).map(({ path }) => path)).toEqual([pathOf(keys)]);
      }
    }
  });

  test('without any one field it passes, but for those the specification requires', () => {
    const lacking = (keys: Keys) => problemsOf(withPart(everything, keys, undefined));
    const fields = parts.filter((keys) => typeof keys.at(-1) === 'string');
    const needed = fields.filter((keys) => lacking(keys).some((problem) => problem.found === 'nothing'));
    const names = new Set(needed.map((keys) => pathOf(keys).replaceAll(/\[\d+\]/g, '[]')));
    expect([...names].sort()).toEqual(REQUIRED.toSorted());
    for (const keys of needed) {
      const [problem, ...more] = lacking(keys);
      expect([problem?.path, problem?.found, more]).toEqual([pathOf(keys), 'nothing', []]);
    }
  });

  test('fields that are undefined count as absent', () => {
    expect(problemsOf({ ...everything, hooks: undefined, annotations: undefined, mounts: undefined })).toEqual([]);
  });

  test('unknown fields are ignored, wherever they are', () => {
    const objects = [[], ...parts].filter((keys) => kindOf(partAt(everything, keys)) === 'object' && !isRecord(keys));
    expect(objects.length).toBeGreaterThan(40);
    for (const keys of objects) {
      expect(problemsOf(withPart(everything, [...keys, 'x-tomorrow'], { some: [null] }))).toEqual([]);
    }
  });
});

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value === 'object' && value !== null ? 'object' : typeof value;
}

/** Objects whose names are data: there every name is known. */
function isRecord(keys: Keys): boolean {
  return ['annotations', 'sysctl', 'unified', 'rdma', 'netDevices'].includes(String(keys.at(-1)));
}

const MAPPINGS = ['.linux.uidMappings[]', '.linux.gidMappings[]', '.mounts[].uidMappings[]', '.mounts[].gidMappings[]'];
const HOOKS = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'];
const DISKS = ['weight', 'throttleReadBps', 'throttleWriteBps', 'throttleReadIOPS', 'throttleWriteIOPS'];
const REQUIRED = [
  '$.ociVersion',
  '$.root',
  '$.root.path',
  '$.mounts[].destination',
  '$.process.cwd',
  '$.process.args',
  '$.process.user.uid',
  '$.process.user.gid',
  '$.process.consoleSize.height',
  '$.process.consoleSize.width',
  '$.process.rlimits[].type',
  '$.process.rlimits[].soft',
  '$.process.rlimits[].hard',
  '$.process.scheduler.policy',
  '$.process.ioPriority.class',
  '$.linux.namespaces[].type',
  '$.linux.devices[].type',
  '$.linux.devices[].path',
  '$.linux.devices[].major',
  '$.linux.devices[].minor',
  '$.linux.resources.devices[].allow',
  '$.linux.resources.hugepageLimits[].pageSize',
  '$.linux.resources.hugepageLimits[].limit',
  '$.linux.resources.network.priorities[].name',
  '$.linux.resources.network.priorities[].priority',
  '$.linux.memoryPolicy.mode',
  '$.linux.memoryPolicy.nodes',
  '$.mounts[].uidMappings',
  '$.mounts[].gidMappings',
  '$.linux.personality.domain',
  '$.linux.seccomp.defaultAction',
  '$.linux.seccomp.syscalls[].names',
  '$.linux.seccomp.syscalls[].action',
  '$.linux.seccomp.syscalls[].args[].index',
  '$.linux.seccomp.syscalls[].args[].value',
  '$.linux.seccomp.syscalls[].args[].op',
  ...HOOKS.map((point) => `$.hooks.${point}[].path`),
  ...DISKS.flatMap((kind) => ['major', 'minor'].map((part) => `$.linux.resources.blockIO.${kind}Device[].${part}`)),
  ...MAPPINGS.flatMap((at) => ['containerID', 'hostID', 'size'].map((part) => `$${at}.${part}`)),
];
