import fc from 'fast-check';

/** Where a generated command line may do something: a directory that is whose container it is, and nobody else's. */
export interface Ground {
  /** Holds the file `file` and the directory `directory`. */
  scratch: string;
}

const LONG = 'x'.repeat(300);
const ODD = [
  '',
  ' ',
  '.',
  '..',
  '-',
  '-1',
  '🛶',
  'a\nb',
  '\u001b[31m',
  '\ud800',
  'a\0b',
  LONG,
  '9'.repeat(40),
  '0x10',
  '1e3',
  '1,5',
];

/** Mostly what can be meant, so that many lines get as far as the kernel, and at times what nobody means. */
function value(...sensible: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...sensible) },
    { weight: 1, arbitrary: fc.constantFrom(...ODD) },
  );
}

function joined(separator: string, ...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc.tuple(...parts).map((words) => words.join(separator));
}

const TARGETS = value(
  ...['/a', '/a/b', '/tmp', '/tmp/..', '/etc/passwd', '/dev/null', '/dev', '/proc', '/proc/self/fd/0', '/sys', '/'],
  ...['../../a', 'relative', '/run/a:b', '/proc/1/root/a', `/${'d/'.repeat(100)}`, '/usr/bin/true'],
);

/** The last option may be one that changes the source, so the source is never one of the host. */
function mounts({ scratch }: Ground): fc.Arbitrary<readonly string[]> {
  const source = value(`${scratch}/directory`, `${scratch}/file`, `${scratch}/none`, `${scratch}/directory/../file`);
  const word = value(
    'ro',
    'rw',
    'rslave',
    'rshared',
    'rprivate',
    'noexec',
    'nosuid',
    'z',
    'Z',
    'U',
    'idmap',
    'exec',
    'copy',
  );
  const words = fc.array(word, { maxLength: 3 }).map((list) => list.join(','));
  const size = value('size=1m', 'size=0', 'size=-1', 'mode=1777', 'mode=9', 'uid=5', 'ro', 'size=99999999999g');
  const field = fc.oneof(
    joined('=', value('type'), value('bind', 'volume', 'tmpfs')),
    joined('=', value('src', 'source'), source),
    joined('=', value('dst', 'target', 'destination'), TARGETS),
    value(
      'ro',
      'readonly=maybe',
      'tmpfs-size=1m',
      'tmpfs-mode=1777',
      'bind-propagation=rslave',
      'relabel=shared',
      'idmap',
    ),
  );
  const fields = fc.array(field, { minLength: 1, maxLength: 5 }).map((list) => list.join(','));
  return fc.oneof(
    ...[joined(':', source, TARGETS), joined(':', source, TARGETS, words)].map((one) => option('--volume', one)),
    option('--tmpfs', fc.oneof(TARGETS, joined(':', TARGETS, size))),
    option('--mount', fields),
  );
}

function option(name: string, values: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> {
  return values.map((text) => [`${name}=${text}`]);
}

function limits(): fc.Arbitrary<readonly string[]> {
  const name = value('nofile', 'core', 'nproc', 'RLIMIT_AS', 'memlock', 'cpu');
  const number = value('0', '1', '64', '1024', '-1', 'unlimited', '18446744073709551615');
  return fc.oneof(
    option('--memory', value('64m', '1.5g', '4k', '0', '1b', '18446744073709551616', '-5m')),
    option('--cpus', value('0.5', '1', '0.001', '0', '9999', '-1')),
    option('--pids-limit', value('100', '1', '0', '-1', 'max', '4194305', '1.5')),
    option('--ulimit', fc.oneof(joined('=', name, number), joined('=', name, joined(':', number, number)))),
    option('--timeout', value('5', '300ms', '0', '1h', '5x', '1e9')),
  );
}

function rights(): fc.Arbitrary<readonly string[]> {
  const capability = value('ALL', 'NET_ADMIN', 'CAP_CHOWN', 'sys_admin', 'CAP_CAP_KILL', 'SYS_NONE', 'kill');
  const opt = value(
    ...[
      'no-new-privileges',
      'no-new-privileges=false',
      'no-new-privileges=perhaps',
      'seccomp=unconfined',
      'seccomp=log',
    ],
    ...[
      'seccomp=/etc/hostname',
      'seccomp=/none',
      'apparmor=unconfined',
      'apparmor=none-such',
      'label=disable',
      'label=type:x_t',
    ],
    ...['landlock=files', 'landlock=all', 'systempaths=unconfined', 'mask=/proc/version', 'unmask=ALL', 'nonsense'],
  );
  // No setting of the host's that is another than it is already, should one get through.
  const sysctl = value(
    ...[
      'net.ipv4.ip_unprivileged_port_start=1024',
      'kernel.shm_rmid_forced=0',
      'kernel.core_pattern=core',
      'kernel.x=1',
    ],
    ...['net/ipv4/ip_forward=0', 'net.ipv4.../x=0', 'net.ipv4.ip_forward', '=1', 'fs.mqueue.msg_max=10'],
  );
  const rule = value('c 1:3 rwm', 'b *:* m', 'a', 'c 10:200', 'c 1:3 x', 'c -1:3 r', 'c 99999999999:1 r');
  const device = value(
    '/dev/null',
    '/dev/zero:/dev/x:r',
    '/dev/full:/proc/x',
    '/dev/none',
    '/dev/null:rwx',
    '/etc/hostname',
    '/dev',
  );
  return fc.oneof(
    ...[option('--cap-add', capability), option('--cap-drop', capability), option('--security-opt', opt)],
    ...[option('--sysctl', sysctl), option('--device-cgroup-rule', rule), option('--device', device)],
    fc.constantFrom(['--privileged'], ['--read-only']),
  );
}

function persons({ scratch }: Ground): fc.Arbitrary<readonly string[]> {
  return fc.oneof(
    option('--user', value('0', 'root', 'nobody', '0:0', '65534:65534', 'root:none', '4294967295', ':', '1:2:3')),
    option('--userns', value('auto', 'host', 'keep-id', 'keep-id:uid=5,gid=5', 'keep-id:uid=x', 'auto:size=5')),
    option('--hostname', value('box', 'a.b', '-a', 'a/b')),
    option('--name', value('box', 'a_b', 'A.b-c', 'a/b', '../a')),
    option(
      '--workdir',
      value('/tmp', '/a/b', '/proc/self/fd/0', '/proc/1/root', 'relative', '/etc/passwd', '/dev/../..'),
    ),
    option('--env', value('A=b', 'PATH=', 'PATH=/none', 'LD_PRELOAD=/none', 'constructor', '=x', `${LONG}=${LONG}`)),
    option('--network', value('none', 'host', 'bridge')),
    option('--rootfs', value(scratch, `${scratch}:O`, `${scratch}/file`, '/none', '/proc', '/dev/null')),
    fc.constantFrom(['--init'], ['--rm'], ['--none-such'], ['--init=yes']),
  );
}

/** Command lines of `coracle run`, of options that contradict each other, come twice, or are no option's. */
export function commandLines(ground: Ground): fc.Arbitrary<readonly string[]> {
  const one = fc.oneof(mounts(ground), limits(), rights(), persons(ground));
  return fc.array(one, { minLength: 1, maxLength: 4 }).map((options) => ['--quiet', ...options.flat(), 'true']);
}
