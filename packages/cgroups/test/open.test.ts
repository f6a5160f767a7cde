import { open } from '@coracle/cgroups';
import { expect, test } from '@jest/globals';
import { factsOf, laptopSession } from './machines.ts';

test('a user may change a group of what is delegated to him from a session that is not', () => {
  const facts = factsOf(laptopSession);
  const directory = '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/box';
  expect(facts.selfCgroup).toContain('session-');
  expect(open([directory], { facts }).planUpdate({ pids: 5 }).leftOut).toEqual([]);
  expect(() => open(['/sys/fs/cgroup/system.slice/box'], { facts }).planUpdate({ pids: 5 })).toThrow(
    expect.objectContaining({ code: 'EOPNOTSUPP' }),
  );
});
