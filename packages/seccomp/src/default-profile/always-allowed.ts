import type { Arch } from '@coracle/syscalls';
import { words } from './words.ts';

/**
 * What every process may call, by subject.
 *
 * The kernel itself keeps these inside the container: they reach only what the process can see, in its own namespaces, with
 * its own permissions. The twins with 32, 64 or _time64 at the end are 32-bit programs' wider forms of the same call.
 */
const bySubject = () => ({
  // Opening, and what can be done with a descriptor. ioctl is here too: which requests work is up to the driver.
  'open files': words(`
    open openat openat2 creat close close_range dup dup2 dup3 fcntl fcntl64 flock ioctl
    pipe pipe2 memfd_create memfd_secret`),

  // Bytes in and out, and from one descriptor to another without a copy.
  'reading and writing': words(`
    read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek readahead
    fadvise64 fadvise64_64 sendfile sendfile64 splice tee vmsplice copy_file_range`),

  // Lengths, and when the disk has to have it.
  'size and durability': words(`
    truncate truncate64 ftruncate ftruncate64 fallocate sync syncfs fsync fdatasync sync_file_range cachestat`),

  // mknod makes no way to a device: the kernel asks for CAP_MKNOD, and the cgroup decides which devices open.
  'names and directories': words(`
    mkdir mkdirat mknod mknodat link linkat symlink symlinkat readlink readlinkat rename renameat renameat2
    unlink unlinkat rmdir getdents getdents64 getcwd chdir fchdir umask name_to_handle_at`),

  'what is known of a file': words(`
    stat stat64 fstat fstat64 lstat lstat64 newfstatat fstatat64 statx access faccessat faccessat2
    statfs statfs64 fstatfs fstatfs64 statmount listmount`),

  'owners, modes and times of files': words(`
    chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 lchown lchown32 fchownat
    utime utimes futimesat utimensat utimensat_time64`),

  'extended attributes': words(`
    getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat listxattr llistxattr
    flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat`),

  // Waiting for descriptors. fanotify_mark is of no use without fanotify_init, which takes CAP_SYS_ADMIN.
  'waiting and watching': words(`
    poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl
    epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4
    inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark`),

  // The older asynchronous interface. Its successor io_uring is blocked.
  'asynchronous input and output': words(`
    io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64`),

  // Only the caller's own memory.
  memory: words(`
    brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall
    remap_file_pages pkey_alloc pkey_free pkey_mprotect mseal map_shadow_stack membarrier`),

  // clone, the call behind fork and threads, is allowed as well, but looked at: it can make namespaces.
  'processes and threads': words(`
    fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid gettid set_tid_address
    pidfd_open process_mrelease prctl restart_syscall rseq get_robust_list set_robust_list
    get_thread_area set_thread_area futex futex_time64 futex_wait futex_wake futex_waitv futex_requeue`),

  // The pid namespace decides who can be reached.
  signals: words(`
    kill tkill tgkill pidfd_send_signal rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigreturn
    rt_sigqueueinfo rt_tgsigqueueinfo rt_sigtimedwait rt_sigtimedwait_time64 sigaltstack sigprocmask sigreturn
    pause`),

  'sessions and process groups': words('getpgid setpgid getpgrp getsid setsid'),

  // Becoming another user takes CAP_SETUID or CAP_SETGID; programs that give up root need the calls.
  'users and groups': words(`
    getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid
    getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32
    setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32`),

  // None of these gives a process more than it was started with.
  'giving up rights': words(`
    capget capset seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self`),

  // Going beyond one's share takes CAP_SYS_NICE or CAP_SYS_RESOURCE.
  'scheduling and limits': words(`
    sched_yield sched_getparam sched_setparam sched_getscheduler sched_setscheduler sched_getattr
    sched_setattr sched_getaffinity sched_setaffinity sched_get_priority_max sched_get_priority_min
    sched_rr_get_interval sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set
    getrlimit ugetrlimit setrlimit prlimit64 getrusage`),

  // Reading clocks and sleeping. adjtimex and clock_adjtime also read; to turn the clock they want CAP_SYS_TIME.
  'time and timers': words(`
    time times gettimeofday nanosleep alarm getitimer setitimer adjtimex
    clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64
    clock_adjtime clock_adjtime64
    timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
    timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64`),

  // All but socket, which is looked at: see the checked calls. socketcall is how 32-bit x86 does all of these.
  sockets: words(`
    socketpair bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt
    send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 socketcall`),

  // Of the container's own IPC namespace. ipc is how 32-bit x86 does the ones of System V.
  'messages, semaphores and shared memory': words(`
    shmget shmat shmdt shmctl semget semop semctl semtimedop semtimedop_time64 msgget msgsnd msgrcv msgctl ipc
    mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive
    mq_timedreceive_time64`),

  // uretprobe is called by code that the kernel itself puts in; riscv_hwprobe asks a RISC-V what it can do.
  'about the machine': words('uname sysinfo getcpu getrandom riscv_hwprobe uretprobe'),
});

/** What every process may call, in the order of the table above. */
export const alwaysAllowed = (): readonly string[] => Object.values(bySubject()).flat();

/** What processes may call besides on one machine only: thread registers, caches, and calls with their arguments in another order. */
export const allowedOn = (arch: Arch): readonly string[] =>
  ({
    x64: words('arch_prctl modify_ldt'),
    arm64: words('set_tls cacheflush breakpoint sync_file_range2 arm_sync_file_range arm_fadvise64_64'),
  })[arch];
