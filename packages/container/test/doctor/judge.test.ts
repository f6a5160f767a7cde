import { describe, expect, test } from '@jest/globals';
import { type Attempt, type Check, type HostFacts, judgeHost } from '../../src/doctor/index.ts';
import { ALICE, ROOT } from './facts.ts';

const refused = (syscall: string, code: Extract<Attempt, { ok: false }>['code']): Attempt => ({
  ok: false,
  syscall,
  code,
});
const withSettings = (settings: Partial<HostFacts['settings']>, facts = ALICE): HostFacts => ({
  ...facts,
  settings: { ...facts.settings, ...settings },
});

/** The check of a topic, judged from facts. */
function judged(topic: string, facts: HostFacts): Omit<Check, 'needed' | 'topic'> | undefined {
  const check = judgeHost(facts).find((candidate) => candidate.topic === topic);
  if (!check) return undefined;
  const { status, found, fix } = check;
  return fix === undefined ? { status, found } : { status, found, fix };
}

describe('a machine where all is well', () => {
  test.each([
    ['root', ROOT],
    ['an ordinary user', ALICE],
  ])('has nothing to say against (%s)', (_, facts) => {
    expect(judgeHost(facts).filter(({ status, fix }) => status !== 'ok' || fix !== undefined)).toEqual([]);
  });

  test('has each topic once, and says what is needed', () => {
    const topics = judgeHost(ROOT).map(({ topic }) => topic);
    expect(new Set(topics).size).toBe(topics.length);
    for (const { needed, found } of judgeHost(ROOT)) expect(needed.length * found.length).toBeGreaterThan(0);
  });

  test('is not asked for the rights of root by an ordinary user', () => {
    expect(judged('root', ALICE)).toBeUndefined();
    expect(judged('root', ROOT)).toEqual({ status: 'ok', found: 'can make all namespaces' });
  });
});

describe('the kernel', () => {
  test.each([
    ['5.12.0', 'ok'],
    ['5.12', 'ok'],
    ['5.15.167.4-microsoft-standard-WSL2', 'ok'],
    ['6.0-rc1', 'ok'],
    ['10.1', 'ok'],
    ['5.11.22', 'warning'],
    ['5.9.1', 'warning'],
    ['5.8.18', 'missing'],
    ['4.18.0-553.el8', 'missing'],
    ['', 'missing'],
  ])('%s is %s', (kernel, status) => {
    const found = expect.stringContaining(`Linux ${kernel}`);
    expect(judged('kernel', { ...ROOT, kernel })).toMatchObject({ status, found });
  });

  test('that is old lacks mount calls for that reason, and has older ones', () => {
    const facts = { ...ROOT, kernel: '5.10.0', absentCalls: ['mount_setattr'] };
    expect(judged('system calls', facts)).toEqual({
      status: 'warning',
      found: expect.stringMatching(
        /^not to be had here: mount_setattr; mounts are made with the older calls: .*shared$/,
      ),
    });
  });

  test('that is too old lacks others as well', () => {
    const facts = { ...ROOT, kernel: '5.4.0', absentCalls: ['close_range', 'mount_setattr'] };
    expect(judged('system calls', facts)).toEqual({
      status: 'missing',
      found: 'not to be had here: close_range, mount_setattr',
    });
  });

  test('that is new enough lacks calls because of a filter', () => {
    expect(judged('system calls', { ...ROOT, absentCalls: ['clone3', 'seccomp'] })).toEqual({
      status: 'missing',
      found: 'not to be had here: clone3, seccomp',
      fix: 'a seccomp filter hides them: start the container around this with --security-opt seccomp=unconfined',
    });
  });

  test.each([
    ['time', 'warning'],
    ['cgroup', 'warning'],
    ['user', 'warning'],
    ['pid', 'missing'],
    ['network', 'missing'],
  ] as const)('without %s namespaces gives a %s', (absent, status) => {
    const namespaces = ROOT.namespaces.filter((type) => type !== absent);
    expect(judged('namespaces', { ...ROOT, namespaces })).toEqual({
      status,
      found: `the kernel was built without ${absent} namespaces`,
    });
  });

  test.each([
    [undefined, 'missing', 'the kernel was built without CONFIG_SECCOMP_FILTER'],
    ['kill trap', 'missing', 'actions kill, trap'],
    ['kill trap errno trace allow\n', 'ok', 'actions kill, trap, errno, trace, allow'],
  ])('with the seccomp actions %j is judged %s', (seccompActions, status, found) => {
    expect(judged('seccomp', withSettings({ seccompActions }))).toEqual({ status, found });
  });

  test.each([
    [0, 'warning', /not switched on/],
    [1, 'warning', /version 1, for nothing/],
    [2, 'ok', /version 2, for files$/],
    [7, 'ok', /version 7, for files, abstract sockets, signals$/],
  ])('with Landlock %d is judged %s', (landlock, status, found) => {
    expect(judged('Landlock', { ...ROOT, landlock })).toEqual({
      status,
      found: expect.stringMatching(found),
      ...(landlock === 0 ? { fix: expect.stringContaining('lsm=') } : {}),
    });
  });

  test('without Landlock because it is too old is not told to switch it on', () => {
    expect(judged('Landlock', { ...ROOT, landlock: 0, kernel: '5.10.0-32-amd64' })).toEqual({
      status: 'warning',
      found: 'none: it came with Linux 5.13',
    });
  });

  test('names its security modules where they can be seen', () => {
    const without = { ...ROOT, apparmor: undefined };
    expect(judged('security modules', without)?.found).toBe('lockdown, capability, landlock, yama, apparmor');
    expect(judged('security modules', withSettings({ lsm: undefined }))?.found).toContain('not all visible');
    expect(judged('security modules', { ...without, selinux: true })?.found).toContain('SELinux is at work');
  });

  test.each([
    [
      { ownProfile: undefined, hasDefaultProfile: true },
      'ok',
      'coracle-default, which containers are under',
      undefined,
    ],
    [{ ownProfile: 'docker-default', hasDefaultProfile: false }, 'ok', 'under its profile docker-default', undefined],
    [
      { ownProfile: undefined, hasDefaultProfile: false },
      'warning',
      'no profile coracle-default',
      expect.stringMatching(/^coracle apparmor \|.* apparmor_parser -r$/),
    ],
  ])('with AppArmor as %j is judged %s', (apparmor, status, found, fix) => {
    const check = judged('security modules', { ...ROOT, apparmor });
    expect(check).toMatchObject({ status, found: expect.stringContaining(found) });
    expect(check?.fix).toEqual(fix);
  });
});

describe('user namespaces', () => {
  const failing = { ...ALICE, userNamespace: refused('clone3', 'EPERM') };

  test.each<[string, Partial<HostFacts['settings']>, string, string]>([
    [
      'switched off by their number',
      { maxUserNamespaces: '0' },
      'none are allowed: user.max_user_namespaces is 0',
      'echo user.max_user_namespaces=15000 | sudo tee /etc/sysctl.d/60-coracle-max_user_namespaces.conf && sudo sysctl --system',
    ],
    [
      "switched off by Debian's setting",
      { unprivilegedUsernsClone: '0' },
      'only root may make them: kernel.unprivileged_userns_clone is 0',
      'echo kernel.unprivileged_userns_clone=1 | sudo tee /etc/sysctl.d/60-coracle-unprivileged_userns_clone.conf && sudo sysctl --system',
    ],
    [
      "switched off by Ubuntu's AppArmor",
      { apparmorRestrictsUserns: '1' },
      'AppArmor takes all rights away in them (clone3 failed with EPERM): kernel.apparmor_restrict_unprivileged_userns is 1',
      'echo kernel.apparmor_restrict_unprivileged_userns=0 | sudo tee /etc/sysctl.d/60-coracle-apparmor_restrict_unprivileged_userns.conf && sudo sysctl --system',
    ],
    [
      'refused for no reason that can be seen',
      { unprivilegedUsernsClone: '1', apparmorRestrictsUserns: '0' },
      'clone3 failed with EPERM: a chroot or a filter of a container around this forbids them',
      'start the container around this with --security-opt seccomp=unconfined --security-opt apparmor=unconfined',
    ],
  ])('that are %s are missing, with the command that helps', (_, settings, found, fix) => {
    expect(judged('user namespaces', withSettings(settings, failing))).toEqual({ status: 'missing', found, fix });
  });

  test('that are used up can be allowed in double number', () => {
    const facts = { ...ALICE, userNamespace: refused('clone3', 'ENOSPC') };
    expect(judged('user namespaces', facts)).toMatchObject({
      found: 'the 96364 allowed are in use: user.max_user_namespaces',
      fix: expect.stringContaining('user.max_user_namespaces=192728'),
    });
  });

  test('that the kernel was built without cannot be had', () => {
    const namespaces = ALICE.namespaces.filter((type) => type !== 'user');
    expect(judged('user namespaces', { ...ALICE, namespaces, userNamespace: refused('clone3', 'EINVAL') })).toEqual({
      status: 'missing',
      found: 'the kernel was built without CONFIG_USER_NS',
    });
  });

  test('are not what root depends on', () => {
    expect(judged('user namespaces', { ...ROOT, userNamespace: refused('clone3', 'EPERM') })?.status).toBe('warning');
  });

  test('that cannot be made leave nothing to say on what is mounted in them', () => {
    expect(judged('proc', failing)).toBeUndefined();
    expect(judged('overlay', failing)).toBeUndefined();
  });

  test.each([
    ['an ordinary user', ALICE, 'missing'],
    ['root', ROOT, 'warning'],
  ] as const)('inside another container give no /proc (%s)', (_, facts, status) => {
    expect(judged('proc', { ...facts, proc: refused('fsmount', 'EPERM') })).toEqual({
      status,
      found: 'parts of /proc are masked, as inside another container',
      fix: 'start the container around this with --security-opt systempaths=unconfined (podman: --security-opt unmask=ALL)',
    });
  });

  test('a filter and masks of another container are told of at once', () => {
    const userNamespace = refused('sethostname', 'EPERM');
    const found = judged('proc', { ...ALICE, userNamespace, proc: refused('fsmount', 'EPERM') })?.found;
    expect(found).toBe('parts of /proc are masked, as inside another container');
  });

  test('without a /proc for another reason name the call', () => {
    expect(judged('proc', { ...ALICE, proc: refused('fsconfig', 'EACCES') })).toEqual({
      status: 'missing',
      found: 'fsconfig failed with EACCES',
    });
  });

  test('without overlays are worth a warning', () => {
    expect(judged('overlay', { ...ALICE, overlay: refused('mount', 'ENODEV') })).toEqual({
      status: 'warning',
      found: 'the module overlay is not loaded',
      fix: 'sudo modprobe overlay && echo overlay | sudo tee /etc/modules-load.d/overlay.conf',
    });
    expect(judged('overlay', { ...ALICE, overlay: refused('mount', 'EPERM') })).toEqual({
      status: 'warning',
      found: 'mount failed with EPERM',
    });
    expect(judged('overlay', { ...ALICE, kernel: '5.10.0-32-amd64', overlay: refused('mount', 'EPERM') })?.found).toBe(
      'mount failed with EPERM: in a user namespace it takes Linux 5.11, and this is 5.10.0-32-amd64',
    );
  });
});

describe('root without the rights of root', () => {
  test('is told what to do', () => {
    expect(judged('root', { ...ROOT, rootNamespaces: refused('clone3', 'EPERM') })).toEqual({
      status: 'missing',
      found: 'clone3 failed with EPERM',
      fix: 'start the container around this with --security-opt seccomp=unconfined --security-opt apparmor=unconfined',
    });
  });

  test('lacks capabilities: they are named, and the way without them', () => {
    const facts: HostFacts = { ...ROOT, lackingRights: ['NET_ADMIN', 'MKNOD'] };
    expect(judged('root', facts)).toEqual({
      status: 'missing',
      found: 'lacks NET_ADMIN, MKNOD, as inside another container',
      fix: 'start the container around this with --cap-add NET_ADMIN --cap-add MKNOD, or run with --userns auto',
    });
  });

  test('in a user namespace keeps its ids, and depends on user namespaces as everybody does', () => {
    const map = '0 1000 1\n1 100000 65536\n';
    const facts: HostFacts = { ...ROOT, inUserNamespace: true, uidMap: map, gidMap: map };
    expect(judged('root', facts)).toMatchObject({ status: 'warning', fix: 'run with --userns keep-id' });
    expect(judged('user id ranges', facts)).toEqual({
      status: 'warning',
      found: 'root of a user namespace, which has no ids to spare for --userns auto, such as 1879048192',
      fix: 'run with --userns keep-id',
    });
    expect(judged('user namespaces', { ...facts, userNamespace: refused('clone3', 'EPERM') })?.status).toBe('missing');
    expect(judged('proc', { ...facts, proc: refused('fsmount', 'EPERM') })?.status).toBe('missing');
  });
});

describe('the agent', () => {
  test('out of a file is worth a warning, and the setting that forces it is named', () => {
    const facts = withSettings({ memfdNoexec: '2' }, { ...ALICE, agent: { ok: true, image: 'file' } });
    expect(judged('agent', facts)).toEqual({
      status: 'warning',
      found: 'runs from a deleted file, for the kernel forbids executable memory files',
      fix: 'echo vm.memfd_noexec=1 | sudo tee /etc/sysctl.d/60-coracle-memfd_noexec.conf && sudo sysctl --system',
    });
  });

  test('that cannot be started at all is missing', () => {
    expect(judged('agent', { ...ALICE, agent: { ok: false, syscall: 'posix_spawn', code: 'EACCES' } })).toEqual({
      status: 'missing',
      found: 'posix_spawn failed with EACCES',
      fix: 'set TMPDIR to a directory where programs may run',
    });
  });
});

describe('user id ranges', () => {
  const others = 'bob:100000:65536\ncarol:165536:65536\n';

  test('of root are not needed, and those it takes for containers with ids of their own are told', () => {
    const found = (first: number): string => `root maps any ids itself; with --userns auto those from ${first} on`;
    expect(judged('user id ranges', ROOT)).toEqual({ status: 'ok', found: found(1879048192) });
    expect(judged('user id ranges', { ...ROOT, subuid: 'coracle:700000:65536\n' })?.found).toBe(found(700000));
  });

  test('that are enough are counted', () => {
    expect(judged('user id ranges', ALICE)?.found).toBe('user alice has 65536 user ids and 65536 group ids');
  });

  test('granted by number count too', () => {
    expect(judged('user id ranges', { ...ALICE, subuid: '1000:100000:70000\n' })?.status).toBe('ok');
  });

  test.each([
    ['for users and groups', others, others, '/etc/subuid and /etc/subgid', 231072],
    ['for groups', ALICE.subuid, '', '/etc/subgid', 165536],
    ['when nobody has any', '', '', '/etc/subuid and /etc/subgid', 100000],
    ['beside lines that are none', '# x\nbroken\nbob:one:two\n', '', '/etc/subuid and /etc/subgid', 100000],
  ])('that are missing %s are offered from the first free one', (_, subuid, subgid, files, start) => {
    const range = `${start}-${start + 65535}`;
    expect(judged('user id ranges', { ...ALICE, subuid, subgid })).toEqual({
      status: 'warning',
      found: `user alice has no ids in ${files}: containers have one user only`,
      fix: `sudo usermod --add-subuids ${range} --add-subgids ${range} alice`,
    });
  });

  test.each(['alice:100000:65536\r', 'alice:one:two', ' alice:100000:65536', '1000:4294967290:100', 'alice:100000:0'])(
    'of a line that gives none, %j, are named with it',
    (line) => {
      const text = `bob:300000:65536\n${line}\n`;
      expect(judged('user id ranges', { ...ALICE, subuid: text })?.found).toBe(
        `user alice has no ids in /etc/subuid (line 2, ${JSON.stringify(line)}, gives none: it is to be NAME:FIRST:COUNT): containers have one user only`,
      );
    },
  );

  test('that are small are worth a warning', () => {
    expect(judged('user id ranges', { ...ALICE, subuid: 'alice:100000:1000\n' })).toMatchObject({
      status: 'warning',
      found: 'user alice has 1000 user ids and 65536 group ids: some images need more',
    });
  });

  test.each([
    ['debian', 'sudo apt install uidmap'],
    ['fedora', 'sudo dnf install shadow-utils'],
    ['other', 'sudo apt install uidmap (Debian, Ubuntu); sudo dnf install shadow-utils (Fedora)'],
  ] as const)('without newuidmap need a package (%s)', (distribution, fix) => {
    expect(judged('user id ranges', { ...ALICE, distribution, newuidmap: undefined })).toEqual({
      status: 'warning',
      found: 'newuidmap is not installed',
      fix,
    });
  });

  test('without newgidmap alone name that one', () => {
    expect(judged('user id ranges', { ...ALICE, newgidmap: undefined })?.found).toBe('newgidmap is not installed');
  });

  test('with helpers that have lost their rights get them back', () => {
    const newuidmap = { path: '/usr/bin/newuidmap', privileged: false };
    expect(judged('user id ranges', { ...ALICE, newuidmap })).toEqual({
      status: 'warning',
      found: '/usr/bin/newuidmap may not map ids',
      fix: 'sudo chmod u+s /usr/bin/newuidmap',
    });
    const newgidmap = { path: '/bin/newgidmap', privileged: false };
    expect(judged('user id ranges', { ...ALICE, newuidmap, newgidmap })?.fix).toBe(
      'sudo chmod u+s /usr/bin/newuidmap /bin/newgidmap',
    );
  });

  test('under no_new_privs are of no use', () => {
    expect(judged('user id ranges', { ...ALICE, noNewPrivileges: true })).toEqual({
      status: 'warning',
      found: 'newuidmap has no effect here: no_new_privs is set, as inside a container or a sandboxed service',
    });
  });
});

describe('cgroups', () => {
  type Cgroup = HostFacts['cgroup'];
  const withVersion = (facts: HostFacts, version: Cgroup['version']): HostFacts => ({
    ...facts,
    cgroup: { ...facts.cgroup, version },
  });
  const lacking = (facts: HostFacts, resources: Partial<Cgroup['resources']>): HostFacts => ({
    ...facts,
    cgroup: { ...facts.cgroup, resources: { ...facts.cgroup.resources, ...resources } },
  });
  const obstacle = (reason: string, fix: string): Cgroup['resources']['pids'] => ({ version: undefined, reason, fix });

  test.each([
    ['v1', 'version 1'],
    ['v2', 'version 2'],
    ['hybrid', 'version 1, with version 2 beside it (hybrid)'],
  ] as const)('of %s are named', (version, found) => {
    expect(judged('cgroups', withVersion(ROOT, version))).toEqual({ status: 'ok', found });
  });

  test('that are not mounted can be, and limits are no topic then', () => {
    const facts = withVersion(ROOT, 'none');
    expect(judged('cgroups', facts)).toMatchObject({
      status: 'warning',
      fix: 'sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup',
    });
    expect(judged('limits', facts)).toBeUndefined();
  });

  test('that can limit everything are fine', () => {
    expect(judged('limits', ALICE)).toEqual({ status: 'ok', found: 'pids, memory, cpus can be limited' });
  });

  test('whose cpu controller is missing name the option, the reason and the remedy that run itself has', () => {
    expect(judged('limits', lacking(ALICE, { cpus: obstacle('it is not handed down', 'hand it down') }))).toEqual({
      status: 'warning',
      found: 'no --cpus: it is not handed down',
      fix: 'hand it down',
    });
  });

  test('that lack several for one reason have one line, for two reasons two', () => {
    const one = obstacle('one reason', 'one fix');
    const limits = (facts: HostFacts): (string | undefined)[][] =>
      judgeHost(facts)
        .filter(({ topic }) => topic === 'limits')
        .map(({ found, fix }) => [found, fix]);
    expect(limits(lacking(ALICE, { pids: one, memory: one, cpus: one }))).toEqual([
      ['no --pids-limit, --memory, --cpus: one reason', 'one fix'],
    ]);
    expect(limits(lacking(ALICE, { pids: one, memory: obstacle('another', 'other fix') }))).toEqual([
      ['no --pids-limit: one reason', 'one fix'],
      ['no --memory: another', 'other fix'],
    ]);
  });

  test.each([
    ['debian', /update-grub # then reboot$/],
    ['fedora', /^sudo grubby --update-kernel=ALL/],
    ['other', /^boot with systemd.unified_cgroup_hierarchy=1$/],
  ] as const)('of version 1 are not for ordinary users (%s)', (distribution, fix) => {
    const none = obstacle('cgroups of version 1 cannot be given to an ordinary user safely', 'in words');
    const facts = lacking(withVersion({ ...ALICE, distribution }, 'v1'), { pids: none, memory: none, cpus: none });
    expect(judged('limits', facts)).toEqual({
      status: 'warning',
      found: 'no --pids-limit, --memory, --cpus: cgroups of version 1 cannot be given to an ordinary user safely',
      fix: expect.stringMatching(fix),
    });
  });

  test('of version 1 that root lacks keep the remedy of their own', () => {
    const facts = lacking(withVersion(ROOT, 'v1'), { memory: obstacle('not mounted', 'mount it') });
    expect(judged('limits', facts)).toMatchObject({ found: 'no --memory: not mounted', fix: 'mount it' });
  });
});

describe('the state directory', () => {
  const state = { path: '/run/coracle', refusal: '/run cannot be written' };

  test('that cannot be is missing', () => {
    expect(judged('state directory', { ...ALICE, state })).toEqual({
      status: 'missing',
      found: '/run/coracle: /run cannot be written',
      fix: 'sudo loginctl enable-linger alice',
    });
    expect(judged('state directory', { ...ROOT, state })?.fix).toBe('sudo mount -t tmpfs -o mode=755 tmpfs /run');
  });
});
