/**
 * Arguments that choose what a call does and that the kernel takes as a 32-bit integer: it drops the upper half of the
 * register. A filter that compared all 64 bits would be passed by setting one of those: `ioctl(fd, TIOCSTI | 1 << 32)` is
 * TIOCSTI to the kernel (CVE-2019-7303), and `socket(AF_ALG | 1 << 32)` is greater than 40 but makes an AF_ALG socket.
 * @see the signatures in linux/syscalls.h
 */
const NARROW: Readonly<Record<string, readonly number[]>> = {
  bpf: [0, 2],
  fcntl: [0, 1],
  getsockopt: [0, 1, 2],
  ioctl: [0, 1],
  keyctl: [0],
  personality: [0],
  prctl: [0],
  setns: [0, 1],
  setsockopt: [0, 1, 2],
  socket: [0, 1, 2],
  socketpair: [0, 1, 2],
};

/** Whether the kernel looks at the lower half of an argument only. */
export function isNarrow(name: string, index: number): boolean {
  return Object.hasOwn(NARROW, name) && NARROW[name]?.includes(index) === true;
}
