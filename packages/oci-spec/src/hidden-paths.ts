/**
 * Paths of the kernel that a container cannot read, as in Docker. Paths that a machine does not have are skipped.
 *
 * Docker also masks the `thermal_throttle` directory of each processor there is; who knows the machine adds them, as
 * `@coracle/container` does.
 */
export const MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

/** Paths of the kernel that a container cannot write, as in Docker and runc. */
export const READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];
