import { errnoName } from '@coracle/errors';
import { parseMountinfo } from '@coracle/mountinfo';
import { numbersOf } from '@coracle/seccomp';
import { needs, Podman, whyNoPodman } from '@coracle/test-support';
import { beforeAll, expect } from '@jest/globals';
import { run } from '../../src/index.ts';
import { makeScratch } from '../mounts/scene.ts';
import { asNobody } from '../user-namespace/ordinary-user.ts';
import { prepareAttacks } from './support/suite.ts';

const attacks = prepareAttacks('sweep');
const PROGRAMS = ['gcc', 'podman', 'runc', 'unshare', 'setpriv', 'newuidmap'].map((name) => needs.program(name));
const canTry = needs.root.met && PROGRAMS.every(({ met }) => met);
const MINUTE = 60_000;

/** Docker's capabilities are these and podman's own; a profile of its own it has too, and here it is to forbid new privileges. */
const AS_DOCKER = ['--cap-add', 'MKNOD,NET_RAW,AUDIT_WRITE', '--security-opt', 'no-new-privileges'];

/** What podman hides or makes read-only, and what Docker does. */
const PATHS = [
  ...['acpi', 'asound', 'interrupts', 'kcore', 'keys', 'latency_stats', 'sched_debug', 'scsi', 'timer_list'],
  ...['timer_stats', 'bus', 'fs', 'irq', 'sys', 'sysrq-trigger', 'sys/kernel/core_pattern', 'sys/vm/panic_on_oom'],
]
  .map((name) => `/proc/${name}`)
  .concat(['/sys/firmware', '/sys/fs/selinux', '/sys/devices/virtual/powercap', '/sys/kernel/profiling']);

const PLACES = ['/proc', '/dev', '/sys', '/dev/pts', '/dev/shm', '/dev/mqueue', '/proc/sys', '/proc/bus', '/proc/irq'];
const RESTRICTIONS = ['ro', 'nosuid', 'nodev', 'noexec'];

/** Whether a path can be written; what is written to a null device that hides it reaches nobody. */
const WRITTEN =
  'if [ "$(stat -c %t:%T $p 2>/dev/null)" = 1:3 ]; then echo 0; else (: >> $p) 2>/dev/null && echo 1 || echo 0; fi';

const LOOKS = {
  status: 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; umask',
  mounts: 'cat /proc/self/mountinfo',
  devices: 'cd /dev; for f in *; do stat -c "%n %F %t:%T %a" $f; readlink $f; done; true',
  // How much of each can be read, how many names there are in it, and whether it can be opened for writing.
  paths: `for p in ${PATHS.join(' ')}; do echo "$p $(cat $p 2>/dev/null | wc -c) $(ls -A $p 2>/dev/null | wc -l) $(${WRITTEN})"; done`,
};

/** What was seen in a container. */
type Seen = ReadonlyMap<string, string>;

const SWEEP = 'sweep';

/** All looks, one after the other, and a sweep over all system calls. */
function scriptOf(directory: string): string {
  const looks = Object.entries(LOOKS).concat([[SWEEP, `${directory}/sweep`]]);
  return looks.map(([name, look]) => `echo "===== ${name}"; (${look})`).join('; ');
}

function seenIn(text: string): Seen {
  const [, ...parts] = text.split(/^===== /m);
  return new Map(
    parts.map((part): [string, string] => [part.split('\n', 1)[0] ?? '', part.slice(part.indexOf('\n') + 1)]),
  );
}

/**
 * Calls that podman's own profile refuses and Docker's does not: what it does not know yet, in a podman that is older, and vmsplice.
 * Of personality the kernel looks at 32 bits, and so does our filter: all bits set is the question what is in force.
 */
function isKnown(name: string): boolean {
  const NEWER = ['io_pgetevents', 'cachestat', 'fchmodat2', 'statmount', 'listmount', 'mseal', /xattrat$/, /^futex_/];
  return ['personality', 'vmsplice', ...NEWER, /^lsm_/, /^file_/].some((known) => name.match(known));
}

/** Which restrictions are on each place. */
function restrictionsOf(text: string): Map<string, string[]> {
  return new Map(
    parseMountinfo(text)
      .filter(({ mountPoint }) => PLACES.includes(mountPoint))
      .map(({ mountPoint, type, options }) => [
        mountPoint,
        [type, ...RESTRICTIONS.filter((word) => options.includes(word))],
      ]),
  );
}

function numbersByPath(text: string): Map<string, number[]> {
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line): [string, number[]] => {
        const [path = '', ...numbers] = line.split(' ');
        return [path, numbers.map(Number)];
      }),
  );
}

const NAMES = new Map(
  [...numbersOf(process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64')].map(([name, number]) => [
    number,
    name,
  ]),
);

/** The calls that were answered as a filter, or a kernel that wants a capability, answers them. */
function refusedCalls(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number))
    .filter(([, error = 0]) => ['EPERM', 'ENOSYS'].includes(errnoName(error) ?? ''))
    .map(([number = 0]) => NAMES.get(number) ?? String(number));
}

for (const [who, rootless] of [
  ['root', false],
  ['an ordinary user', true],
] as const) {
  const why = canTry ? whyNoPodman({ rootless }) : 'not tried';
  const works = { what: `a podman that starts containers of ${who} here (${why})`, met: why === undefined };

  needs.describe(
    needs.root,
    ...PROGRAMS,
    works,
  )(`a container of ${who}, beside podman's`, () => {
    const it = needs.test();
    let ours: Seen;
    let podmans: Seen;
    const both = (look: keyof typeof LOOKS | typeof SWEEP): [mine: string, theirs: string] => [
      ours.get(look) ?? '',
      podmans.get(look) ?? '',
    ];

    beforeAll(async () => {
      const { path } = attacks();
      const script = scriptOf(path);
      using podman = new Podman({ rootless, shown: [path] });
      const { status, said } = podman.run(AS_DOCKER, ['sh', '-c', script]);
      expect({ status, said }).toEqual({ status: 0, said: expect.anything() });
      podmans = seenIn(said);
      const volumes = [{ source: path, target: path, readOnly: true }];
      using scratch = makeScratch();
      const { stdout } = rootless
        ? asNobody(script, { scratch, subids: '65534:900000:65536\n', volumes })
        : await run('sh', ['-c', script], { volumes });
      ours = seenIn(stdout);
    }, 2 * MINUTE);

    it('has the same capabilities, no_new_privs, filter and umask', () => {
      const [mine, theirs] = both('status');
      expect(mine).toMatch(/CapEff:\t00000000a80425fb[\s\S]*NoNewPrivs:\t1\nSeccomp:\t2/);
      expect(mine).toBe(theirs);
    });

    it('has the same file systems, with every restriction', () => {
      const [mine, theirs] = both('mounts').map(restrictionsOf);
      expect([...(theirs?.keys() ?? [])].sort()).toEqual([...PLACES].sort());
      for (const [place, restrictions] of theirs ?? []) {
        // Nothing is executed in podman's /dev; with Docker and runc it can be.
        const expected = restrictions.filter((word) => place !== '/dev' || word !== 'noexec');
        expect([place, mine?.get(place)]).toEqual([place, expected]);
      }
    });

    it('has the same devices and links in /dev', () => {
      // A link to the memory of the kernel, which is empty inside: Docker has it, podman where the kernel has such a file.
      const withoutCore = (text: string): string => text.replace(/^core symbolic.*\n\/proc\/kcore\n/m, '');
      const [mine, theirs] = both('devices').map(withoutCore);
      expect(mine).toContain('null character special file 1:3 666');
      expect(mine).toBe(theirs);
    });

    it('shows no more of the kernel, and lets no more of it be written', () => {
      const [mine, theirs] = both('paths').map(numbersByPath);
      expect([...(mine?.keys() ?? [])]).toEqual(PATHS);
      // What is read of a file that is shown by both may grow meanwhile.
      const more = PATHS.filter((path) => {
        const [bytes = 0, names = 0, isWritten = 0] = mine?.get(path) ?? [];
        const [theirBytes = 0, theirNames = 0, isWrittenThere = 0] = theirs?.get(path) ?? [];
        return (bytes > 0 && theirBytes === 0) || (names > 0 && theirNames === 0) || isWritten > isWrittenThere;
      });
      expect(more).toEqual([]);
      expect(mine?.get('/proc/sys/kernel/core_pattern')?.at(2)).toBe(0);
      expect(mine?.get('/proc/keys')?.at(0)).toBe(0);
    });

    it('refuses every system call that theirs refuses', () => {
      const [mine = [], theirs = []] = both(SWEEP).map(refusedCalls);
      expect(theirs.length).toBeGreaterThan(50);
      expect(theirs.filter((name) => !mine.includes(name) && !isKnown(name))).toEqual([]);
    });
  });
}
