/** Offsets in `struct bpf_cgroup_dev_ctx` of linux/bpf.h, what a program is asked: three words of 32 bits. */
export const CONTEXT = { accessType: 0, major: 4, minor: 8 } as const;

/** The lower 16 bits of the first word. */
export const TYPE_BITS = { b: 1, c: 2 } as const;

/** The upper 16 bits of the first word. */
const ACCESS_BITS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };

/** All of {@link accessBits}. */
export const EVERY_ACCESS = 7;

/** The bits of an access such as `rw`. */
export function accessBits(access: string): number {
  return [...access].reduce((bits, letter) => bits | (ACCESS_BITS[letter] ?? 0), 0);
}
