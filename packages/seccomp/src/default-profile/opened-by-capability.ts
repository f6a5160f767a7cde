import type { Gate } from './gate.ts';
import { words } from './words.ts';

/**
 * What a capability opens.
 *
 * The kernel would refuse most of these without the capability by itself. The filter refuses them once more, since in a user
 * namespace of its own a process has every capability, and then whatever is wrong behind these calls is within its reach.
 */
export const openedByCapability = (): readonly Gate[] => [
  {
    calls: words('mount umount umount2 mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick'),
    capabilities: ['CAP_SYS_ADMIN'],
    reason: 'whoever changes mounts can uncover what is masked in /proc and /sys, and make read-only places writable',
  },
  {
    calls: words('unshare setns'),
    capabilities: ['CAP_SYS_ADMIN'],
    reason: 'a new user namespace gives every capability in it, and with them a way to much more of the kernel',
  },
  {
    calls: words('sethostname setdomainname'),
    capabilities: ['CAP_SYS_ADMIN'],
    reason: 'the names of the machine are set when the container is made',
  },
  {
    calls: words('quotactl quotactl_fd'),
    capabilities: ['CAP_SYS_ADMIN'],
    reason: 'quotas belong to the file systems of the host',
  },
  {
    calls: words('fanotify_init'),
    capabilities: ['CAP_SYS_ADMIN'],
    reason: 'it can watch and hold up what others do on a whole file system',
  },
  {
    calls: words('lookup_dcookie'),
    capabilities: ['CAP_SYS_ADMIN'],
    reason: 'it tells paths of the host to profilers',
  },
  {
    calls: words('lsm_get_self_attr lsm_set_self_attr lsm_list_modules'),
    capabilities: ['CAP_SYS_ADMIN'],
    reason: 'it shows and changes what the security modules of the host, such as AppArmor, think of a process',
  },
  {
    calls: words('bpf'),
    capabilities: ['CAP_BPF', 'CAP_SYS_ADMIN'],
    reason: 'it loads programs into the kernel, which all containers share',
  },
  {
    calls: words('perf_event_open'),
    capabilities: ['CAP_PERFMON', 'CAP_SYS_ADMIN'],
    reason: 'its measurements can tell what the kernel and other containers do, and many holes were found behind it',
  },
  {
    calls: words('syslog'),
    capabilities: ['CAP_SYSLOG', 'CAP_SYS_ADMIN'],
    reason: 'the log of the kernel is about the whole machine, and has addresses that help attacks',
  },
  {
    calls: words('open_by_handle_at'),
    capabilities: ['CAP_DAC_READ_SEARCH'],
    reason: 'a guessed handle opens any file of a file system, also outside the root of the container',
  },
  {
    calls: words('chroot'),
    capabilities: ['CAP_SYS_CHROOT'],
    reason: 'with a new root, programs that trust the files in /etc can be deceived',
  },
  {
    // Before 4.8 the filter looked at a call first, and a tracer could then still make it another one.
    calls: words('ptrace process_vm_readv process_vm_writev'),
    capabilities: ['CAP_SYS_PTRACE'],
    sinceKernel: { major: 4, minor: 8 },
    reason: 'before Linux 4.8 a process could go around the filter by tracing another',
  },
  {
    calls: words('kcmp pidfd_getfd process_madvise'),
    capabilities: ['CAP_SYS_PTRACE'],
    reason: 'it reaches into other processes, to their descriptors and their memory',
  },
  {
    calls: words('get_mempolicy set_mempolicy set_mempolicy_home_node mbind'),
    capabilities: ['CAP_SYS_NICE'],
    reason: 'which processor has the memory next to it is a matter of the whole machine',
  },
  {
    calls: words('settimeofday stime clock_settime clock_settime64'),
    capabilities: ['CAP_SYS_TIME'],
    reason: 'the clock is that of the whole machine',
  },
  {
    calls: words('init_module finit_module delete_module'),
    capabilities: ['CAP_SYS_MODULE'],
    reason: 'a module is code in the kernel of the host, which can do anything',
  },
  {
    calls: words('reboot'),
    capabilities: ['CAP_SYS_BOOT'],
    reason: "the machine is not the container's to restart",
  },
  {
    calls: words('acct'),
    capabilities: ['CAP_SYS_PACCT'],
    reason: 'it has the kernel write a record of every process that ends, without limit',
  },
  {
    calls: words('iopl ioperm'),
    capabilities: ['CAP_SYS_RAWIO'],
    reason: 'it gives direct access to the hardware',
  },
  {
    calls: words('vhangup'),
    capabilities: ['CAP_SYS_TTY_CONFIG'],
    reason: 'it cuts every program off from the terminal',
  },
];
