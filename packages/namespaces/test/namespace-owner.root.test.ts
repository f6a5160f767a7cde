import { namespaceInode, namespaceOwner } from '@coracle/namespaces';
import { Agent, CLONE, flags, unshare } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { expect, test } from '@jest/globals';

needs.test(needs.root)('a network belongs to the user namespace it was made in', async () => {
  using agent = Agent.spawn();
  const apart = flags(CLONE, 'CLONE_NEWUSER', 'CLONE_NEWNET');
  (await agent.channel.run({ steps: [unshare(apart, 'be somewhere else')] }))?.throwIfFailed();
  const owner = namespaceOwner(`/proc/${agent.pid}/ns/net`);
  expect(owner).toBe(namespaceInode(agent.pid, 'user'));
  expect(owner).not.toBe(namespaceOwner('/proc/self/ns/net'));
});

test('what is no namespace belongs to none', () => {
  expect(namespaceOwner('/dev/null')).toBeUndefined();
  expect(namespaceOwner('/no/such/file')).toBeUndefined();
});
