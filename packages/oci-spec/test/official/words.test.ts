import {
  IO_PRIORITY_CLASSES,
  MEMORY_POLICY_FLAGS,
  MEMORY_POLICY_MODES,
  NAMESPACE_TYPES,
  PERSONALITY_DOMAINS,
  SCHEDULER_FLAGS,
  SCHEDULER_POLICIES,
  SECCOMP_ACTIONS,
  SECCOMP_ARCHITECTURES,
  SECCOMP_FLAGS,
  SECCOMP_OPERATORS,
  STATUSES,
} from '@coracle/oci-spec';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { partAt } from '../tree.ts';
import { schemaFile, specification } from './schemas.ts';

needs.test(specification)('the words we know are those of the schemas', () => {
  const definitions = partAt(schemaFile('defs-linux.json'), ['definitions']);
  const tables: Record<string, readonly string[]> = {
    MemoryPolicyFlag: MEMORY_POLICY_FLAGS,
    MemoryPolicyMode: MEMORY_POLICY_MODES,
    NamespaceType: NAMESPACE_TYPES,
    PersonalityDomain: PERSONALITY_DOMAINS,
    SchedulerFlag: SCHEDULER_FLAGS,
    SchedulerPolicy: SCHEDULER_POLICIES,
    SeccompAction: SECCOMP_ACTIONS,
    SeccompArch: SECCOMP_ARCHITECTURES,
    SeccompFlag: SECCOMP_FLAGS,
    SeccompOperators: SECCOMP_OPERATORS,
  };
  const listed = Object.keys(Object(definitions)).filter((name) => partAt(definitions, [name, 'enum']) !== undefined);
  // A word of the propagation of the root may have an r, which Docker writes.
  expect(listed.sort()).toEqual([...Object.keys(tables), 'RootfsPropagation'].sort());
  for (const [name, words] of Object.entries(tables)) {
    expect([name, partAt(definitions, [name, 'enum'])]).toEqual([name, words]);
  }
});

needs.test(specification)('so are those that the schemas of config and state have in place', () => {
  const ioPriority = ['properties', 'process', 'properties', 'ioPriority', 'properties', 'class', 'enum'];
  expect(partAt(schemaFile('config-schema.json'), ioPriority)).toEqual(IO_PRIORITY_CLASSES);
  const statuses = partAt(schemaFile('state-schema.json'), ['properties', 'status', 'enum']);
  expect(statuses).toEqual(STATUSES.filter((status) => status !== 'paused'));
});
