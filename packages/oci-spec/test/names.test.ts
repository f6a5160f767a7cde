import {
  NAMESPACE_TYPES,
  SECCOMP_ACTIONS,
  SECCOMP_ARCHITECTURES,
  SECCOMP_FLAGS,
  SECCOMP_OPERATORS,
  STATUSES,
} from '@coracle/oci-spec';
import { expect, test } from '@jest/globals';
import { fixture, partAt } from './tree.ts';

const features = fixture('features/runc');

test.each<[string, readonly string[], (string | number)[]]>([
  ['namespace', NAMESPACE_TYPES, ['linux', 'namespaces']],
  ['seccomp action', SECCOMP_ACTIONS, ['linux', 'seccomp', 'actions']],
  ['seccomp comparison', SECCOMP_OPERATORS, ['linux', 'seccomp', 'operators']],
  ['seccomp architecture', SECCOMP_ARCHITECTURES, ['linux', 'seccomp', 'archs']],
  ['seccomp flag', SECCOMP_FLAGS, ['linux', 'seccomp', 'knownFlags']],
])('every %s that runc announces in its features is known', (_, known, keys) => {
  const announced = partAt(features, keys);
  expect(announced).toEqual(expect.any(Array));
  expect(announced).not.toHaveLength(0);
  expect(known).toEqual(expect.arrayContaining(Array.isArray(announced) ? announced : []));
});

test('the status in the specification’s example is known', () => {
  expect(STATUSES).toContain(partAt(fixture('state/spec-example'), ['status']));
});
