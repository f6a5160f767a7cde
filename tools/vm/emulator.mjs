// How qemu is started, and how it says that it has given up.
import { accessSync, constants, readFileSync } from 'node:fs';

/** Keeps version 1 off, unless the first program is told to lay it, alone or with version 2 beside it. */
const VERSION_2_ALONE = 'cgroup_no_v1=all';
const VERSION_1 = /(^| )coracle\.cgroups=(1|hybrid)( |$)/;
const KERNEL_OPTIONS = [
  'console=ttyS0 loglevel=4 panic=-1', // what the kernel has to say is kept for the case of a failure
  VERSION_2_ALONE,
  'mitigations=off audit=0 cryptomgr.notests no_timer_check', // emulated work that proves nothing here
];
const KVM_STOPPED = /^(?:KVM internal error|KVM: entry failed|error: kvm run failed).*/m;

/** What the machine talks through: one socket each, from this descriptor on. */
export const PORTS = ['out', 'err', 'job'];
export const FIRST_PORT_FD = 3;

/**
 * The arguments of qemu.
 * @param {{ kernel: string, initramfs: string }} files
 * @param {{ memory: string, parameters?: string }} options `memory` as qemu writes it; `parameters` for the kernel, beside its usual ones
 * @returns {string[]}
 * @see qemu-system-x86_64(1)
 */
export function emulatorArguments({ kernel, initramfs }, { memory, parameters = '' }) {
  return [
    '-nodefaults -no-user-config -no-reboot -display none -machine q35 -cpu max -smp 2'.split(' '),
    accelerators().flatMap((name) => ['-accel', name]),
    [
      '-m',
      memory,
      '-kernel',
      kernel,
      '-initrd',
      initramfs,
      '-append',
      [...KERNEL_OPTIONS.filter((one) => one !== VERSION_2_ALONE || !VERSION_1.test(parameters)), parameters]
        .join(' ')
        .trim(),
    ],
    ['-serial', 'stdio'],
    ['-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
    // A block device for the io controller: takes everything and remembers nothing.
    ['-blockdev', 'driver=null-co,node-name=nothing,size=67108864,read-zeroes=on'],
    ['-device', 'virtio-blk-pci,drive=nothing'],
    ['-device', 'virtio-serial-pci', '-device', 'virtio-rng-pci'],
    PORTS.flatMap((name, index) => [
      ...['-chardev', `socket,id=${name},fd=${FIRST_PORT_FD + index}`],
      ...['-device', `virtserialport,chardev=${name},name=${name}`],
    ]),
  ].flat();
}

/**
 * How the processor is made, the best first. KVM counts only on a processor that can virtualize: where the kernel does its
 * work in software (pvm), there is a /dev/kvm that starts a machine and gives up half a minute later.
 * @param {{ device?: string, cpuinfo?: string }} [files] (default: /dev/kvm and /proc/cpuinfo)
 * @returns {string[]}
 */
export function accelerators({ device = '/dev/kvm', cpuinfo = '/proc/cpuinfo' } = {}) {
  return isWritable(device) && /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync(cpuinfo, 'utf8'))
    ? ['kvm', 'tcg']
    : ['tcg'];
}

/**
 * The line with which qemu says that KVM could not go on. It then stops the machine, but does not end.
 * @param {string} said by qemu on standard error
 * @returns {string | undefined}
 */
export function kvmFailure(said) {
  return KVM_STOPPED.exec(said)?.[0];
}

function isWritable(path) {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false; // not there, or not for this user: of no use either way
  }
}
