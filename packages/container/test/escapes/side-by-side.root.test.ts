import { errnoName } from '@coracle/errors';
import { parseMountinfo } from '@coracle/mountinfo';
import { numbersOf } from '@coracle/seccomp';
import { needs } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { type ContainerOptions, run } from '../../src/index.ts';
import { prepare } from '../../src/prepare.ts';
import { runInRunc } from './support/in-runc.ts';
import { makeScene, type Scene } from './support/scene.ts';
import { prepareAttacks } from './support/suite.ts';

const attacks = prepareAttacks('sweep');

let scene: Scene;
beforeAll(() => {
  scene = makeScene();
});
afterAll(() => scene[Symbol.dispose]());

/** What a line of shell, or a program, writes in our container and in one that runc makes from the same configuration. */
async function sideBySide(
  args: readonly string[],
  more: Partial<ContainerOptions> = {},
): Promise<{ ours: string; theirs: string }> {
  const options = { ...more, root: scene.root, volumes: [attacks().volume] };
  const { stdout: ours } = await run(args, options);
  return { ours, theirs: runInRunc(prepare({ ...options, command: args }).config, args) };
}

const sh = (script: string): string[] => ['sh', '-c', script];

const USERS: readonly (readonly [string, Partial<ContainerOptions>])[] = [
  ['root', {}],
  ['another user', { user: '1234:1235' }],
  ['root with a capability more and two less', { capAdd: ['NET_ADMIN'], capDrop: ['MKNOD', 'CHOWN'] }],
  ['root without new privileges being forbidden', { security: { noNewPrivileges: false } }],
];

needs.describe(
  needs.root,
  needs.program('gcc'),
  needs.program('busybox'),
  needs.program('runc'),
)('a container, beside one that runc makes of the same configuration', () => {
  for (const [who, options] of USERS)
    needs.test()(`has the same capabilities, no_new_privs and filter, as ${who}`, async () => {
      const look = sh('busybox grep -E "^(Cap|NoNewPrivs|Seccomp:|Uid|Gid|Groups)" /proc/self/status; umask');
      const { ours, theirs } = await sideBySide(look, options);
      expect(ours).toMatch(/CapEff:.*NoNewPrivs:.*Seccomp:\t2/s);
      expect(ours).toBe(theirs);
    });

  needs.test()('has the same mounts, of the same types with the same options', async () => {
    const { ours, theirs } = await sideBySide(['cat', '/proc/self/mountinfo']);
    const PLACES = [
      '/proc',
      '/dev',
      '/sys',
      '/dev/pts',
      '/dev/shm',
      '/dev/mqueue',
      '/proc/sys',
      '/proc/bus',
      '/proc/irq',
    ];
    const list = (text: string): string[] =>
      parseMountinfo(text)
        .filter(({ mountPoint }) => PLACES.includes(mountPoint))
        .map(({ mountPoint, type, options, superOptions }) => {
          // Of /sys only the mount is read-only in ours, and the file system as well in theirs: nobody can write to either.
          const own = superOptions.filter((option) => mountPoint !== '/sys' || !/^r[ow]$/.test(option));
          return [mountPoint, type, ...options.toSorted(), '|', ...own.toSorted()].join(' ');
        })
        .sort();
    expect(list(ours)).toHaveLength(PLACES.length);
    expect(list(ours)).toEqual(list(theirs));
  });

  needs.test()('has the same devices and links in /dev', async () => {
    const look = 'cd /dev; for f in *; do busybox stat -c "%n %F %t:%T %a %u:%g" $f; busybox readlink $f; done';
    const both = await sideBySide(sh(`${look}; true`));
    // They make the link to the memory of the kernel only where the kernel has such a file.
    const withoutCore = (text: string): string => text.replace(/^core symbolic.*\n\/proc\/kcore\n/m, '');
    const [ours, theirs] = [withoutCore(both.ours), withoutCore(both.theirs)];
    expect(ours).toContain('null character special file 1:3 666 0:0');
    expect(ours).toBe(theirs);
  });

  needs.test()('hides the same and lets the same be written', async () => {
    const { maskedPaths = [], readonlyPaths = [] } = prepare({ command: ['true'] }).config.linux ?? {};
    const writes = [
      ...readonlyPaths,
      '/proc/sys/kernel/core_pattern',
      '/sys/kernel/profiling',
      '/proc/self/oom_score_adj',
    ];
    const look = [
      ...maskedPaths.map((path) => `echo ${path}; busybox wc -c < ${path}; ls ${path}`),
      ...writes.map((path) => `echo ${path}; (: >> ${path}) && echo writable`),
    ];
    const { ours, theirs } = await sideBySide(sh(`(${look.join('; ')}) 2>&1; true`));
    expect(ours).toContain('/proc/self/oom_score_adj\nwritable\n');
    expect(ours).toBe(theirs);
  });

  needs.test()('has the same resource limits', async () => {
    const { ours, theirs } = await sideBySide(['cat', '/proc/self/limits'], { rlimits: { nofile: 77, core: 0 } });
    expect(ours).toMatch(/Max open files +77 +77/);
    expect(ours).toBe(theirs);
  });

  for (const [who, options] of USERS.slice(0, 3))
    needs.test()(`gets the same answer to every system call, as ${who}`, async () => {
      const { ours, theirs } = await sideBySide(['/attacks/sweep'], options);
      const [mine, reference] = [errorsOf(ours), errorsOf(theirs)];
      const differing = [...mine].filter(([name, error]) => error !== reference.get(name) && !isKnown(name, reference));
      expect(differing.map(([name, error]) => `${name}: ${error}, not ${reference.get(name)}`)).toEqual([]);
      expect(mine.size).toBeGreaterThan(400);
      expect([...mine.values()].filter((error) => error === 'EPERM').length).toBeGreaterThan(50);
    });
});

const NAMES = new Map(
  [...numbersOf(process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64')].map(([name, number]) => [
    number,
    name,
  ]),
);

/** What each call was answered, by its name; one without a name keeps its number. */
function errorsOf(text: string): Map<string, string> {
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line): [string, string] => {
        const [number = 0, error = 0] = line.split(' ').map(Number);
        return [NAMES.get(number) ?? String(number), errnoName(error) ?? String(error)];
      }),
  );
}

/** Where they may differ. */
function isKnown(name: string, theirs: ReadonlyMap<string, string>): boolean {
  // The kernel looks at 32 bits of the argument, and so does our filter: all bits set is the question what is in force.
  if (name === 'personality') return true;
  // Calls that its libseccomp has not heard of do not exist in runc's container.
  const NEW = ['statmount', 'listmount', 'mseal', /^lsm_/, /xattrat$/, /^file_/, 'open_tree_attr'];
  if (theirs.get(name) === 'ENOSYS') return NEW.some((known) => name.match(known));
  // This one's number lies among those of older calls, which it forbids.
  return name === 'uretprobe' && theirs.get(name) === 'EPERM';
}
