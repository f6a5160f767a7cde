/** The kernel's initial SIDs, which have their numbers by their order. See security/selinux/include/initial_sid_to_string.h. */
const SIDS = [
  ...['kernel', 'security', 'unlabeled', 'fs', 'file', 'file_labels', 'init', 'any_socket', 'port', 'netif', 'netmsg'],
  ...['node', 'igmp_packet', 'icmp_socket', 'tcp_socket', 'sysctl_modprobe', 'sysctl', 'sysctl_fs', 'sysctl_kernel'],
  ...['sysctl_net', 'sysctl_net_unix', 'sysctl_vm', 'sysctl_dev', 'kmod', 'policy', 'scmp_packet', 'devnull'],
];
const FILES = '{ file_t memory_t secret_t }';

/**
 * A SELinux policy for a test, as checkpolicy(8) takes it: everything there is runs as `kernel_t` and may do all it likes;
 * `box_t` cannot read files of `secret_t`. What it has no class for is allowed (`checkpolicy -U allow`).
 */
export function testPolicy(): string {
  return [
    ...['class process', 'class file', 'class dir', 'class lnk_file', 'class key'],
    ...SIDS.map((name) => `sid ${name}`),
    'class process { transition dyntransition setexec setkeycreate }',
    'class file { read open entrypoint execute relabelfrom relabelto }',
    'class dir { relabelfrom relabelto }',
    'class lnk_file { read relabelfrom relabelto }',
    'class key { create view }',
    'sensitivity s0;',
    'dominance { s0 }',
    ...Array.from({ length: 1024 }, (_, number) => `category c${number};`),
    'level s0:c0.c1023;',
    'mlsconstrain file { open read } ( h1 dom h2 );',
    'policycap nnp_nosuid_transition;',
    ...['kernel_t', 'box_t', 'file_t', 'memory_t', 'secret_t'].map((name) => `type ${name};`),
    'allow kernel_t { kernel_t box_t }:{ process file dir lnk_file key } *;',
    `allow kernel_t ${FILES}:{ file dir lnk_file } *;`,
    'allow box_t box_t:{ process file key } *;',
    'allow box_t { kernel_t file_t memory_t secret_t }:lnk_file read;',
    'allow box_t { kernel_t file_t memory_t }:file *;',
    'role system_r;',
    'role system_r types { kernel_t box_t };',
    'user system_u roles { system_r } level s0 range s0 - s0:c0.c1023;',
    ...SIDS.map((name) =>
      name === 'kernel'
        ? 'sid kernel system_u:system_r:kernel_t:s0 - s0:c0.c1023'
        : `sid ${name} system_u:object_r:file_t:s0`,
    ),
    ...['tmpfs', 'mqueue'].map((type) => `fs_use_trans ${type} system_u:object_r:file_t:s0;`),
    '',
  ].join('\n');
}
