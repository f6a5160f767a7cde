/** The calls for which x32 has numbers of its own, as in asm/unistd_x32.h of Linux 6.18, without the x32 bit. */
// biome-ignore format: a table, many to a line
export const X32_OWN: Readonly<Record<string, number>> = {
  rt_sigaction: 512, rt_sigreturn: 513, ioctl: 514, readv: 515, writev: 516, recvfrom: 517, sendmsg: 518,
  recvmsg: 519, execve: 520, ptrace: 521, rt_sigpending: 522, rt_sigtimedwait: 523, rt_sigqueueinfo: 524,
  sigaltstack: 525, timer_create: 526, mq_notify: 527, kexec_load: 528, waitid: 529, set_robust_list: 530,
  get_robust_list: 531, vmsplice: 532, move_pages: 533, preadv: 534, pwritev: 535, rt_tgsigqueueinfo: 536,
  recvmmsg: 537, sendmmsg: 538, process_vm_readv: 539, process_vm_writev: 540, setsockopt: 541, getsockopt: 542,
  io_setup: 543, io_submit: 544, execveat: 545, preadv2: 546, pwritev2: 547,
};

/** Calls of x86-64 that x32 has not, because they were obsolete when it came. */
// biome-ignore format: a list, many to a line
export const X32_LACKS: readonly string[] = [
  'uselib', '_sysctl', 'create_module', 'get_kernel_syms', 'query_module', 'nfsservctl', 'set_thread_area', 'get_thread_area',
  'epoll_ctl_old', 'epoll_wait_old', 'vserver',
];
