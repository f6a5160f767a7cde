import type { Gate } from './gate.ts';
import { words } from './words.ts';

/** What nothing opens: only another profile allows these. */
export const neverAllowed = (): readonly Gate[] => [
  {
    calls: words('add_key request_key keyctl'),
    capabilities: [],
    reason: 'keyrings have no namespace: a container could read the keys of others',
  },
  {
    calls: words('kexec_load kexec_file_load'),
    capabilities: [],
    reason: 'it replaces the running kernel of the host',
  },
  {
    calls: words('userfaultfd'),
    capabilities: [],
    reason: 'it can halt the kernel in the middle of a call, which makes its races easy to exploit',
  },
  {
    calls: words('io_uring_setup io_uring_enter io_uring_register'),
    capabilities: [],
    reason:
      'what is asked for through io_uring passes no filter, and many holes were found in it; use epoll or threads',
  },
  {
    calls: words('pivot_root'),
    capabilities: [],
    reason: 'the root is changed once, when the container is made',
  },
  {
    calls: words('swapon swapoff'),
    capabilities: [],
    reason: 'swap space is that of the whole machine',
  },
  {
    calls: words('move_pages migrate_pages'),
    capabilities: [],
    reason: 'it moves the memory of other processes between processors',
  },
  {
    calls: words('uselib ustat sysfs _sysctl bdflush nfsservctl'),
    capabilities: [],
    reason: 'it is obsolete: no library of today calls it, and newer kernels lack it or only answer an error',
  },
  {
    calls: words('create_module query_module get_kernel_syms'),
    capabilities: [],
    reason: 'it is about modules of the kernel as they were before Linux 2.6, and no longer does anything',
  },
  {
    calls: words(
      'afs_syscall break ftime getpmsg gtty lock mpx prof profil putpmsg security stty tuxcall ulimit vserver',
    ),
    capabilities: [],
    reason: 'Linux has a number for it, but nothing behind the number',
  },
  {
    calls: words('vm86 vm86old'),
    capabilities: [],
    reason: 'it runs 16-bit programs, with a part of the kernel that hardly anyone tests',
  },
  {
    calls: words(`
      idle nice oldfstat oldlstat oldolduname oldstat olduname readdir sgetmask sigaction signal sigpending
      sigsuspend ssetmask`),
    capabilities: [],
    reason: 'it is the oldest form of a call, which only 32-bit programs of the nineties make',
  },
  {
    calls: words('open_tree_attr file_getattr file_setattr uprobe'),
    capabilities: [],
    reason: 'it is newer than the profile; programs use the older calls when it fails',
  },
  {
    calls: words('usr26 usr32 get_tls'),
    capabilities: [],
    reason: 'it is private to 32-bit ARM, and no library of today calls it',
  },
  {
    calls: words('pciconfig_iobase pciconfig_read pciconfig_write'),
    capabilities: [],
    reason: 'it gives direct access to the hardware',
  },
];
