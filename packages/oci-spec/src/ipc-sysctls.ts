/** Kernel settings that each IPC namespace has of its own, besides all of `fs.mqueue.`. @see ipc_namespaces(7), sysctl(8) */
export const IPC_SYSCTLS: readonly string[] = [
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
];
