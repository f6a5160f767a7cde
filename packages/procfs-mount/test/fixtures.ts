/** Text of a real kernel (6.18). */
export const STAT =
  '5126 (node) S 5100 5126 5100 34816 5126 4194304 19284 3140 0 0 112 30 4 2 20 0 11 0 929780 1130004480 24117 18446744073709551615 4194304 9000 140 0 0 0 0 4096 134234626 0 0 0 17 1 0 0 0 0 0 9 8 7 1 2 3 4 0\n';

export const STATUS = `Name:	node
Umask:	0022
State:	S (sleeping)
Tgid:	5126
Ngid:	0
Pid:	5126
PPid:	5100
TracerPid:	0
Uid:	1000	1001	1001	1001
Gid:	100	101	101	101
FDSize:	64
Groups:	4 24 27 
NStgid:	5126	17	1
NSpid:	5126	17	1
NSpgid:	5126	17	1
NSsid:	5100	0	0
Kthread:	0
VmPeak:	 1103520 kB
VmSize:	 1103520 kB
VmRSS:	   96468 kB
Threads:	11
voluntary_ctxt_switches:	523
`;

export const KERNEL_THREAD_STATUS = `Name:	kworker/0:1-events
Umask:	0000
State:	I (idle)
Tgid:	9
Pid:	9
PPid:	2
Uid:	0	0	0	0
Gid:	0	0	0	0
NStgid:	9
NSpid:	9
Kthread:	1
Threads:	1
`;

/** The line of another process: its pid, name, state, parent and start time in the text above. */
export function statLine(
  pid: number,
  {
    command = 'sh',
    state = 'S',
    ppid = 1,
    start = 929780,
  }: Partial<Record<'command' | 'state', string>> & Partial<Record<'ppid' | 'start', number>> = {},
): string {
  const [, rest = ''] = STAT.split(' S 5100 ');
  return `${pid} (${command}) ${state} ${ppid} ${rest.replace('929780', String(start))}`;
}

export function statusText({ uid = 0, nsPids }: { uid?: number; nsPids: number[] }): string {
  return STATUS.replace('1000\t1001', `${uid}\t1001`).replace('NSpid:\t5126\t17\t1', `NSpid:\t${nsPids.join('\t')}`);
}
