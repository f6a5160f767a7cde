/** Name of the AppArmor profile that containers are under where it is loaded. */
export const DEFAULT_PROFILE = 'coracle-default';

/**
 * The text of the AppArmor profile `coracle-default`, for apparmor_parser(8): a second wall before what the first ones hide.
 * Of the kernel's files a program may change those of its own processes alone, it mounts nothing, and it signals and traces
 * nothing outside of containers. It does what Docker's `docker-default` does, and needs no other file.
 * @see apparmor.d(5)
 * @example
 * writeFileSync('/etc/apparmor.d/coracle-default', defaultApparmorProfile());
 */
export function defaultApparmorProfile(): string {
  return `# The AppArmor profile of Coracle's containers. To load it now and at each boot:
#   coracle apparmor | sudo tee /etc/apparmor.d/${DEFAULT_PROFILE} | sudo apparmor_parser -r

profile ${DEFAULT_PROFILE} flags=(attach_disconnected,mediate_deleted) {
  # What programs do is decided by capabilities, owners and the filter of system calls; the walls of this profile stand behind.
  file,
  capability,
  network,
  umount,

  # The caller ends containers and hands signals on; containers have nothing to say to him.
  signal (receive) peer=unconfined,
  signal (send, receive) peer=${DEFAULT_PROFILE},
  ptrace (trace, read, tracedby, readby) peer=${DEFAULT_PROFILE},

  # Of /proc a program changes what belongs to processes, and of /proc/sys the settings a container can have of its own:
  # net, fs/mqueue, and of kernel the names of the machine and the limits of sem, msg and shm.
  deny /proc/* w,
  deny /proc/[^0-9s]*/** w,
  deny /proc/s[^y]*/** w,
  deny /proc/sy[^s]*/** w,
  deny /proc/sys?*/** w,
  deny /proc/sys/[^fkn]** w,
  deny /proc/sys/n[^e]** w,
  deny /proc/sys/fs/[^m]** w,
  deny /proc/sys/fs/m[^q]** w,
  deny /proc/sys/kernel/[^dhms]** w,
  deny /proc/sys/kernel/d[^o]** w,
  deny /proc/sys/kernel/h[^o]** w,
  deny /proc/sys/kernel/ho[^s]** w,
  deny /proc/sys/kernel/m[^s]** w,
  deny /proc/sys/kernel/s[^eh]** w,
  deny /proc/sys/kernel/se[^m]** w,
  deny /proc/{kcore,kmem,mem,sysrq-trigger} rwkl,
  deny /proc/acpi/** rwkl,

  # The devices and the firmware are the host's; the cgroups may be the container's.
  deny /sys/[^f]** wkl,
  deny /sys/f[^s]** wkl,
  deny /sys/fs/[^c]** wkl,
  deny /sys/fs/c[^g]** wkl,
  deny /sys/firmware/** r,
  deny /sys/kernel/security/** r,
  deny /sys/devices/virtual/powercap/** r,

  deny mount,
}
`;
}
