/** The result of the monitor's program that is the pid of the container's init. */
export const INIT = 'init';

/** Names of the outputs of the monitor's program. */
export const OUTPUT = { end: 'end', usage: 'usage', stat: (index: number): string => `stat ${index}` } as const;
