import { expect, test } from '@jest/globals';
import { readSelinuxContexts } from '../../src/labels/selinux-label.ts';

const LXC_CONTEXTS = `process = "system_u:system_r:svirt_lxc_net_t:s0"
content = "system_u:object_r:virt_var_lib_t:s0"
file = "system_u:object_r:svirt_sandbox_file_t:s0"
`;

function contexts(files: Readonly<Record<string, string>>): ReturnType<typeof readSelinuxContexts> {
  return readSelinuxContexts((path) => files[path]);
}

test('the labels for containers are those of the policy that is installed', () => {
  expect(
    contexts({
      '/etc/selinux/config': '# SELINUXTYPE= can take one of these values\nSELINUX=enforcing\nSELINUXTYPE=default\n',
      '/etc/selinux/default/contexts/lxc_contexts': LXC_CONTEXTS,
    }),
  ).toEqual({
    process: 'system_u:system_r:svirt_lxc_net_t:s0',
    file: 'system_u:object_r:svirt_sandbox_file_t:s0',
  });
});

test('where it has none, they are the usual ones', () => {
  expect(contexts({})).toEqual({
    process: 'system_u:system_r:container_t:s0',
    file: 'system_u:object_r:container_file_t:s0',
  });
});
