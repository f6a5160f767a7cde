import { expect, describe as group, test } from '@jest/globals';
import fc from 'fast-check';
import { describe, detectAll, type Facts, planResources, type Survey, survey } from '../src/index.ts';
import * as machines from './machines.ts';

const RECORDED = [
  machines.separate,
  machines.comounted,
  machines.hybrid,
  machines.laptopRoot,
  machines.laptopUser,
  machines.laptopSession,
  machines.dockerV1,
  machines.dockerV2,
  machines.crowdedContainer,
  machines.nestedNamespace,
  machines.split,
];
const NAMES = [
  'pids',
  'memory',
  'cpu',
  'cpuset',
  'cpuacct',
  'blkio',
  'freezer',
  'hugetlb',
  'rdma',
  'misc',
  'name=x',
  'xattr',
];

/** A path as the kernel would write it, sometimes out of what is mounted. */
const path = fc
  .array(fc.oneof(fc.stringMatching(/^[a-z0-9@:._-]{1,6}$/), fc.constantFrom('..', '.')), { maxLength: 4 })
  .map((names) => `/${names.join('/')}`);
const mount = fc
  .record({
    root: path,
    at: fc.stringMatching(/^[a-z]{1,5}$/),
    access: fc.constantFrom('rw', 'ro'),
    type: fc.constantFrom('cgroup', 'cgroup2'),
    options: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 }),
  })
  .map(({ root, at, access, type, options }) => {
    const own = type === 'cgroup' ? options : [];
    return `30 22 0:26 ${root} /sys/fs/cgroup/${at} ${access} - ${type} cgroup ${['rw', ...own].join(',')}\n`;
  });
const line = fc.oneof(
  fc
    .tuple(fc.nat(20), fc.constantFrom(...NAMES, 'cpu,cpuacct', ''), path)
    .map(([id, names, at]) => `${id}:${names}:${at}`),
  fc.string(),
);
const facts: fc.Arbitrary<Facts> = fc
  .record({
    mountinfo: fc.array(mount, { maxLength: 6 }).map((lines) => lines.join('')),
    selfCgroup: fc.array(line, { maxLength: 6 }).map((lines) => lines.join('\n')),
    writable: fc.func(fc.boolean()),
    text: fc.func(
      fc.oneof(
        fc.constant(undefined),
        fc.string(),
        fc.constantFrom('cpu memory pids\n', '1\n22\n', 'max\n', 'cpu\t3\t1\t1\nmemory\t0\t1\t0\n'),
      ),
    ),
  })
  .map(({ mountinfo, selfCgroup, writable, text }) => ({
    mountinfo,
    selfCgroup,
    isWritable: (one) => writable(one),
    read: (one) => text(one),
  }));

group('whatever stands in the files of a machine', () => {
  test('something is said of every controller: its version, or why not and what helps', () => {
    fc.assert(
      fc.property(facts, (one) => {
        const found = survey({ ...one, exists: () => false });
        for (const answer of [...found.controllers, found.devices]) expect(isAnswer(answer)).toBe(true);
        expect(describe(found)).toContain(describe(detectAll(one)).split(';')[0]);
      }),
      { numRuns: 300 },
    );
  });

  test('no group is planned outside of what is mounted', () => {
    fc.assert(
      fc.property(facts, (one) => {
        const machine = detectAll(one);
        const planned = planResources({ machine, name: 'box', resources: { pids: 5, io: {} }, mode: 'best-effort' });
        for (const directory of planned?.directories ?? []) {
          expect(directory).toMatch(/^\/sys\/fs\/cgroup\/[a-z]/);
          expect(directory.split('/')).not.toContain('..');
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each(RECORDED)('a recorded machine of which a part is cut off is no other machine (%#)', (recorded) => {
    const whole = machines.factsOf(recorded);
    fc.assert(
      fc.property(fc.nat(whole.selfCgroup.length), (length) => {
        const cut = { ...whole, selfCgroup: whole.selfCgroup.slice(0, length) };
        expect(detectAll(cut).version).toBe(detectAll(whole).version);
      }),
      { numRuns: 40 },
    );
  });

  test('a line of /proc/self/mountinfo that is cut off is named', () => {
    const { mountinfo, ...others } = machines.factsOf(machines.hybrid);
    const cut = mountinfo.replace(' cgroup2 rw,nsdelegate', '');
    expect(() => detectAll({ ...others, mountinfo: cut })).toThrow(
      expect.objectContaining({ code: 'ERR_CORACLE_MOUNTINFO' }),
    );
  });
});

function isAnswer(answer: Survey['devices']): boolean {
  return answer.version !== undefined || (answer.reason.length > 0 && answer.fix.length > 0);
}
