// Step 7: a limit. The process is put into a cgroup that allows 20 processes, before it becomes the program; a fork bomb
// stops there. Whichever version of cgroups the machine has, the group is gone at the end, after an error too.
// Still open: what `coracle explain run` shows beyond this: devices, masks, network, users, a terminal (Ctrl-C ends the whole
// container), and cleaning up after a kill.
import { create } from '@coracle/cgroups';
import { changeRoot, keepMountsPrivate } from '@coracle/chroot-fs';
import { cloneInit, setHostname } from '@coracle/namespaces';
import { mountProc } from '@coracle/procfs-mount';
import {
  Agent,
  Channel,
  closeFd,
  execve,
  flags,
  OPEN,
  openat,
  output,
  P,
  PR,
  prctl,
  REPORT,
  REPORT_LENGTH,
  readSiginfo,
  resultOf,
  SIGINFO_LENGTH,
  type Step,
  socketPair,
  step,
  WAIT,
} from '@coracle/syscalls';

const [verb, program, ...args] = process.argv.slice(2);
if (verb !== 'run' || program === undefined) throw new Error('usage: 7-cgroup.ts run PROGRAM [ARG...]');

// execve(2) knows no PATH: these are the places where it would lead to.
const places = program.includes('/') ? [program] : [`/usr/bin/${program}`, `/bin/${program}`];

const [ours, theirs] = socketPair();
const init = new Channel(ours);
const monitor = Agent.spawn({ fds: [theirs] });
closeFd(theirs);

// 9 is SIGKILL. Both have it, the monitor from this program and the container from the monitor; a birth takes it away.
const bind = prctl(flags(PR, 'PR_SET_PDEATHSIG'), [9, 0, 0, 0], 'end with its parent');
const tell: Step = step('sendto', [3, REPORT, REPORT_LENGTH, 0, null, 0], { why: 'tell its pid', only: 'parent' });
const watch: Step = step('waitid', [P.P_ALL, 0, output('end', SIGINFO_LENGTH), flags(WAIT, 'WEXITED'), null], {
  why: 'wait for its end',
  only: 'parent',
});
const life = monitor.channel.post({
  steps: [bind, ...cloneInit({ namespaces: ['uts', 'pid', 'mount'] }), bind, tell, watch],
});
const born = await monitor.channel.report(life);
born?.throwIfFailed();
(await init.report(life))?.throwIfFailed();

await using group = create('container_cg', { pids: 20 });
process.on('SIGINT', () => void group.killAll());
group.add(born?.result('init') ?? 0);

const notStarted = await init.report(
  init.post({
    steps: [
      keepMountsPrivate(),
      openat(
        { path: './container', flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC') },
        { why: 'find the root', result: 'root' },
      ),
      ...mountProc({ root: resultOf('root') }),
      ...changeRoot('./container'),
      ...setHostname('container'),
      ...places.map((path) =>
        execve(
          { path, argv: [program, ...args], env: ['PATH=/usr/bin:/bin'] },
          { why: `start ${program}`, tolerate: path === places.at(-1) ? [] : ['ENOENT'] },
        ),
      ),
    ],
  }),
);
notStarted?.throwIfFailed();

const end = readSiginfo((await monitor.channel.report(life))?.output('end') ?? new Uint8Array(SIGINFO_LENGTH));
init.close();
monitor.close();
process.exitCode = 'exitCode' in end ? end.exitCode : 128 + end.signal;
