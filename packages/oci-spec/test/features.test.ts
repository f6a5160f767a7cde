import { spawnSync } from 'node:child_process';
import { features, HOOK_NAMES, mountOptions } from '@coracle/oci-spec';
import { validateFeatures } from '@coracle/oci-spec/validate';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { allFeatures } from './all-features.ts';
import { partAt, problemsOf, withPart } from './tree.ts';

describe('a document of features', () => {
  test('has the versions these types follow, and what it is told', () => {
    expect(features({})).toEqual({ ociVersionMin: '1.0.0', ociVersionMax: '1.3.0' });
    expect(features({ linux: { cgroup: { v1: true, v2: false } } })).toMatchObject({
      linux: { cgroup: { v1: true, v2: false } },
    });
  });

  test('shares nothing with what it was made of', () => {
    const abilities = { linux: { capabilities: ['CAP_CHOWN'] } };
    const document = features(abilities);
    abilities.linux.capabilities.push('CAP_KILL');
    expect(document.linux?.capabilities).toEqual(['CAP_CHOWN']);
  });

  test('with everything passes', () => {
    expect(validateFeatures(allFeatures)).toBe(allFeatures);
  });

  test.each([
    [['ociVersionMax'], undefined],
    [['linux', 'capabilities', 0], 'chown'],
    [['linux', 'seccomp', 'actions', 0], 'ALLOW'],
    [['linux', 'memoryPolicy', 'modes', 0], 'MPOL_NEAR'],
    [['linux', 'intelRdt', 'monitoring'], 'yes'],
    [['linux', 'namespaces'], null],
  ])('with %j as %j is refused', (keys, value) => {
    const path = expect.stringContaining(String(keys.at(-1) === 0 ? keys.at(-2) : keys.at(-1)));
    expect(problemsOf(withPart(allFeatures, keys, value), validateFeatures)).toEqual([
      expect.objectContaining({ path }),
    ]);
  });
});

test('the options of mounts are sorted, and none is there twice', () => {
  const options = mountOptions();
  expect(options).toEqual([...new Set(options)].sort());
  expect(options).toEqual(expect.arrayContaining(['rro', 'ridmap', 'tmpcopyup', 'rslave', 'nosymfollow', 'defaults']));
});

const runc = spawnSync('runc', ['features'], { encoding: 'utf8' });
const runcWithFeatures = { what: 'a runc that knows the command features', met: runc.status === 0 };

needs.test(runcWithFeatures)('what runc announces is valid, and its words are known', () => {
  const theirs: unknown = validateFeatures(JSON.parse(runc.stdout));
  expect(HOOK_NAMES).toEqual(partAt(theirs, ['hooks']));
  const unknown = [Object(partAt(theirs, ['mountOptions']))]
    .flat()
    .filter((option) => !mountOptions().includes(option));
  // Options of file systems that runc takes out of the data: they have no flag.
  expect(unknown.filter((option) => option !== 'acl' && option !== 'noacl')).toEqual([]);
});
