import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needs, Podman } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { answersIn, askAll, Beside, BOTH, podmans } from './beside-podman.ts';

const MINUTE = 60_000;

/** A call that is answered with an error nobody else would give. */
const PROFILE = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 71 }],
};

/** Looks around in a container; what each says is the same in both. */
const LOOKS = {
  rights: 'grep -E "^(Cap|NoNewPrivs|Seccomp:|Uid|Gid|Groups)" /proc/self/status; mkdir /tmp/made 2>&1; umask',
  limits: 'grep -E "stack|core|locked|pending" /proc/self/limits',
  mounts: 'cat /proc/self/mountinfo',
  files:
    'stat -c "%n %F %a" /a /b /t /u; for f in a b t u; do (: > /$f/new) 2>/dev/null && echo "$f written"; done; true',
  devices:
    'for f in /dev/mine /dev/full; do stat -c "%n %F %t:%T %a" $f; head -c 1 $f | wc -c; (: > $f) 2>/dev/null && echo written; done; true',
  // A node that is mounted is a file to find(1), which asks the directory.
  nodes:
    'cd /dev; find . ! -path "./pts/*" ! -type d | sort | while read f; do test ! -h $f && test -b $f -o -c $f && echo $f; done; true',
  access:
    'cd /dev; for f in w rm; do stat -c "%n %F %t:%T %a" $f; head -c 1 $f 2> /dev/null | wc -c; (: > $f) 2> /dev/null && echo written; done; true',
  hidden:
    'for p in /proc/keys /proc/timer_list /proc/acpi /sys/firmware /proc/version /etc; do test -d $p && n=$(ls -A $p | head -n 1 | wc -l) || n=$(head -c 1 $p | wc -c); echo $p $n; done',
  writable:
    'for f in /proc/sys/kernel/core_pattern /proc/irq/default_smp_affinity /sys/kernel/profiling /tmp/x /run/x /a/x /b/x; do (: >> $f) 2> /dev/null && echo $f; done; true',
  settings: 'cd /proc/sys; cat net/ipv4/ip_forward kernel/shmmax fs/mqueue/msg_max',
  swap: 'cd /sys/fs/cgroup; for f in memory.max memory.swap.max memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes; do test -e $f && cat $f; done; true',
  who: 'id -u; id -g; id -G; for map in uid_map gid_map; do while read inside _ size; do echo $inside $size; done < /proc/self/$map; done; : > /b/mine && stat -c "%u:%g" /b/mine',
} as const;
type Look = keyof typeof LOOKS;

let engines: Beside | undefined;
let directory: string;
beforeAll(() => {
  if (!BOTH.some(({ needed }) => needed.every(({ met }) => met))) return;
  engines = new Beside();
  directory = engines.directory;
  mkdirSync(join(directory, 'volume'));
  chmodSync(join(directory, 'volume'), 0o777);
  writeFileSync(join(directory, 'profile.json'), JSON.stringify(PROFILE));
});
afterAll(() => engines?.[Symbol.dispose]());

/** What both say in a container with these options. */
function beside(
  options: readonly string[],
  looks: readonly Look[],
  rootless = false,
): { look: Look; ours: string; theirs: string }[] {
  if (!engines) throw new Error('nothing was made before the first test');
  const script = askAll(Object.fromEntries(looks.map((look) => [look, LOOKS[look]])));
  using podman = new Podman({ rootless, shown: [] });
  const theirs = answersIn(podmans(podman, options, script));
  rmSync(`${directory}/volume/mine`, { force: true });
  const ours = answersIn(engines.ours([...options, 'sh', '-c', script], { rootless }));
  rmSync(`${directory}/volume/mine`, { force: true });
  return looks.map((look) => ({ look, ours: ours.get(look) ?? '', theirs: theirs.get(look) ?? '' }));
}

/** Nothing of a volume is a device, nor is anything executed in a tmpfs, as Docker has it; podman lets both be in some. */
const STRICTER = /\b(nodev|noexec) /g;

/** Of the mounts that were asked for: file system, restrictions, size and mode, and whether mounts of the host come through. */
function mountsIn(text: string, places: readonly string[]): string[] {
  return text
    .split('\n')
    .flatMap((line) => {
      const [[, , , , place = '', options = '', ...tags], [type, , superOptions = '']] = [
        line.split(' - ')[0]?.split(' ') ?? [],
        line.split(' - ')[1]?.split(' ') ?? [],
      ];
      if (!places.includes(place)) return [];
      const restrictions = options.split(',').filter((word) => /^(ro|nosuid|nodev|noexec)$/.test(word));
      const own = type === 'tmpfs' ? superOptions.split(',').filter((word) => /^(size|mode)=/.test(word)) : [];
      const isSlave = tags.some((tag) => tag.startsWith('master:'));
      return [[place, ...restrictions.sort(), ...own.sort(), isSlave ? 'slave' : 'private'].join(' ')];
    })
    .sort();
}

function expectAsStrict(ours: readonly string[], theirs: readonly string[]): void {
  const plain = (lines: readonly string[]): string[] => lines.map((line) => line.replace(STRICTER, ''));
  expect(plain(ours)).toEqual(plain(theirs));
  for (const [index, line] of theirs.entries())
    expect(ours[index]?.match(STRICTER) ?? []).toEqual(expect.arrayContaining([...(line.match(STRICTER) ?? [])]));
}

function expectSame(all: ReturnType<typeof beside>, places: readonly string[] = []): void {
  for (const { look, ours, theirs } of all) {
    if (look === 'mounts') expectAsStrict(mountsIn(ours, places), mountsIn(theirs, places));
    else expect({ look, said: ours }).toEqual({ look, said: theirs });
  }
}

const of = (all: ReturnType<typeof beside>, wanted: Look): string =>
  all.find(({ look }) => look === wanted)?.ours ?? '';

for (const { who, rootless, needed } of BOTH)
  needs.describe(...needed)(`the options of ${who} mean what they mean to podman:`, () => {
    const it = needs.test();

    it(
      '--cap-drop --cap-add --ulimit --sysctl --device --mount --tmpfs --volume --security-opt seccomp=FILE',
      () => {
        const volume = `${directory}/volume`;
        const options = [
          ...['--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN', '--cap-add', 'CHOWN'],
          ...['--ulimit', 'core=0', '--ulimit', 'memlock=65536:65536', '--ulimit', 'sigpending=77:99'],
          ...[
            '--sysctl',
            'net.ipv4.ip_forward=1',
            '--sysctl',
            'kernel.shmmax=1000000',
            '--sysctl',
            'fs.mqueue.msg_max=7',
          ],
          ...['--device', '/dev/zero:/dev/mine:r', '--device', '/dev/full'],
          ...['--mount', `type=bind,src=${volume},dst=/a,ro`, '--volume', `${volume}:/b:noexec`],
          ...['--mount', 'type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=711', '--tmpfs', '/u:size=64k,mode=700,noexec'],
          ...['--security-opt', 'no-new-privileges', '--security-opt', `seccomp=${directory}/profile.json`],
        ];
        const all = beside(options, ['rights', 'limits', 'mounts', 'files', 'devices', 'settings'], rootless);
        expectSame(all, ['/a', '/b', '/t', '/u']);
        expect(of(all, 'rights')).toMatch(
          /CapEff:\t0000000000001001\n[\s\S]*NoNewPrivs:\t1\nSeccomp:\t2[\s\S]*Protocol error/,
        );
        expect(of(all, 'settings')).toBe('1\n1000000\n7');
      },
      MINUTE,
    );

    it(
      rootless ? '--userns keep-id --read-only' : '--user --read-only --security-opt seccomp=unconfined',
      () => {
        const volume = ['--volume', `${directory}/volume:/b`];
        const options = rootless
          ? ['--userns', 'keep-id']
          : ['--user', '1234:5678', '--security-opt', 'seccomp=unconfined', '--security-opt', 'no-new-privileges'];
        const all = beside(
          [...options, ...volume, '--read-only'],
          rootless ? ['who', 'mounts'] : ['who', 'mounts', 'limits'],
          rootless,
        );
        expectSame(all, ['/b']);
        expect(of(all, 'who')).toMatch(rootless ? /^65534\n65534\n/ : /^1234\n5678\n/);
      },
      MINUTE,
    );

    it(
      '--cap-add ALL --security-opt mask, unmask, label, apparmor --device with modes, further forms of --tmpfs and --mount',
      () => {
        const volume = `${directory}/volume`;
        const security = ['label=disable', 'apparmor=unconfined', 'no-new-privileges:true'].concat(
          ...['mask=/proc/version:/etc', 'unmask=/proc/a*:/sys/firmware:/proc/irq'],
        );
        const options = [
          ...['--cap-add', 'ALL', '--cap-drop', 'SYS_ADMIN', '--cap-drop', 'net_raw'],
          ...security.flatMap((one) => ['--security-opt', one]),
          ...['--device', '/dev/zero:/dev/w:w', '--device', '/dev/full:/dev/rm:rm'],
          ...['--tmpfs', '/t', '--tmpfs', '/u:rw,exec,suid,size=64k'],
          ...['--mount', 'type=tmpfs,destination=/a,tmpfs-mode=700,ro=true'],
          ...['--mount', `type=bind,source=${volume},destination=/b,readonly=true,bind-propagation=rprivate`],
          ...['--volume', `${volume}:/c:ro,nosuid,nodev,noexec`],
        ];
        const all = beside(options, ['rights', 'mounts', 'access', 'hidden', 'writable'], rootless);
        expectSame(all, ['/t', '/u', '/a', '/b', '/c']);
        expect(of(all, 'rights')).toMatch(/CapEff:\t000001ff(ff|fe)dfdfff/);
        expect(of(all, 'hidden')).toMatch(/version 0\n\/etc 0$/);
      },
      MINUTE,
    );

    // An ordinary user is not let limit anything on version 1, and podman says nothing of it.
    if (!rootless)
      it(
        '--memory --memory-swap',
        () => {
          const swapOf = (...options: string[]): string => {
            const all = beside(['--memory', '64m', ...options], ['swap']);
            expectSame(all);
            return of(all, 'swap');
          };
          expect(swapOf()).toMatch(/^67108864\n(67108864|134217728)$/);
          expect(swapOf('--memory-swap', '80m')).toMatch(/^67108864\n(16777216|83886080)$/);
          expect(swapOf('--memory-swap', '64m')).toMatch(/^67108864\n(0|67108864)$/);
        },
        MINUTE,
      );

    it(
      '--privileged',
      () => {
        const all = beside(['--privileged'], ['rights', 'hidden', 'writable', 'nodes'], rootless);
        // Of an ordinary user podman leaves the screens of the machine out; they are opened by whom the host lets.
        const isScreen = (name: string): boolean => rootless && /^\.\/tty\w+$/.test(name);
        const nodes = of(all, 'nodes').split('\n');
        expect(nodes.length).toBeGreaterThan(9);
        expectSame(
          all.map((one) =>
            one.look === 'nodes' ? { ...one, ours: nodes.filter((name) => !isScreen(name)).join('\n') } : one,
          ),
        );
        expect(of(all, 'writable').includes('/sys/kernel/profiling')).toBe(!rootless);
      },
      MINUTE,
    );

    it(
      'and three mean what they mean to Docker: --user, --cap-drop of the privileged, --read-only',
      () => {
        const options = [
          '--user',
          '1000',
          '--privileged',
          '--cap-add',
          'NET_ADMIN',
          '--cap-drop',
          'MKNOD',
          '--read-only',
        ];
        const all = beside(options, ['rights', 'writable'], rootless);
        const [rights, writable] = all;
        // What is added is for root: podman gives it to any user, to keep (ambient). Neither engine drops anything of the privileged; we do.
        expect(rights?.theirs).toMatch(/CapEff:\t0000000000001000\nCapBnd:\t\w{8}f\w+\nCapAmb:\t0000000000001000/);
        expect(rights?.ours).toMatch(/CapEff:\t0{16}\nCapBnd:\t\w{8}[f7][67]\w+\nCapAmb:\t0{16}/);
        // A root that is read-only has no directories in memory but those that are named.
        expect([writable?.ours, writable?.theirs]).toEqual(['', '/tmp/x']);
      },
      MINUTE,
    );
  });
