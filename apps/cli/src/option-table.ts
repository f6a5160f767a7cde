/** One option of a command: how it is written and what it does, once for the parser and for the help. */
export interface OptionRow {
  long: string;
  short?: string;
  /** What stands behind it; absent for a switch. */
  value?: string;
  /** May be given more than once. */
  many?: true;
  help: string;
}

/** Options of every command. */
export const COMMON_OPTIONS: readonly OptionRow[] = [
  { long: 'json', help: 'print what is printed as JSON, errors and remarks too' },
  { long: 'debug', help: 'show the causes of an error and where it arose' },
  { long: 'help', short: 'h', help: 'show this help' },
];

/** Options of `inspect`. */
export const INSPECT_OPTIONS: readonly OptionRow[] = [
  { long: 'format', short: 'f', value: 'json|text', help: 'as data (json, if nothing is said) or for reading (text)' },
];

/** Options that describe a container. */
export const CONTAINER_OPTIONS: readonly OptionRow[] = [
  {
    long: 'rootfs',
    value: 'DIR[:O]',
    help: "use a directory as root; with :O its changes are thrown away. Without: the host's programs, read-only",
  },
  {
    long: 'hostname',
    value: 'NAME',
    help: 'hostname inside (the id of the container; with --network host that of the host)',
  },
  { long: 'env', short: 'e', value: 'NAME[=VALUE]', many: true, help: "set a variable; without a value, the caller's" },
  { long: 'env-file', value: 'FILE', many: true, help: 'set variables from lines NAME=VALUE of a file' },
  { long: 'workdir', short: 'w', value: 'DIR', help: 'working directory inside (/); made if missing' },
  { long: 'user', short: 'u', value: 'USER[:GROUP]', help: 'run as this user, by name or number (root)' },
  { long: 'interactive', short: 'i', help: 'pass the input on even from a terminal' },
  { long: 'tty', short: 't', help: 'give the program a terminal of its own' },
  { long: 'name', value: 'NAME', help: 'name the container; no two living ones share a name' },
  { long: 'rm', help: 'remove the container at its end (always so)' },
  { long: 'pids-limit', value: 'N', help: 'most processes and threads (2048); max for no limit' },
  { long: 'memory', short: 'm', value: 'SIZE', help: 'most memory, such as 256m or 1.5g' },
  {
    long: 'memory-swap',
    value: 'SIZE',
    help: 'most memory and swap together (twice the memory); the same as --memory for no swap, max for no limit',
  },
  { long: 'cpus', value: 'N', help: 'most processor time, in processors, such as 0.5' },
  {
    long: 'ulimit',
    value: 'NAME=SOFT[:HARD]',
    many: true,
    help: 'resource limit of getrlimit(2), such as nofile=1024 or nofile=1024:4096; -1 for no limit',
  },
  {
    long: 'volume',
    short: 'v',
    value: 'SRC:DST[:OPTIONS]',
    many: true,
    help: 'show a file or directory of the host; ro, rslave, rshared, dev, noexec ...',
  },
  { long: 'tmpfs', value: 'DST[:OPTIONS]', many: true, help: 'an empty directory in memory; size=64m, mode=1777 ...' },
  {
    long: 'mount',
    value: 'KEY=VALUE,...',
    many: true,
    help: "a volume or tmpfs in Docker's long form: type=bind,src=.,dst=/x",
  },
  { long: 'read-only', help: 'make the root read-only' },
  { long: 'network', value: 'none|host', help: "only a loopback device (none), or the host's network" },
  {
    long: 'userns',
    value: 'MODE',
    help: 'whose user ids it has: auto (its own), keep-id[:uid=N,gid=N] (you stay who you are), host (as root)',
  },
  {
    long: 'device',
    value: 'SRC[:DST][:rwm]',
    many: true,
    help: 'let it use a device node of the host, or those in a directory',
  },
  { long: 'device-cgroup-rule', value: 'RULE', many: true, help: 'let it use devices by number, such as c 10:200 rw' },
  { long: 'cap-add', value: 'NAME', many: true, help: "a capability beside Docker's 14, such as NET_ADMIN, or ALL" },
  { long: 'cap-drop', value: 'NAME', many: true, help: 'a capability to go without, or ALL' },
  {
    long: 'security-opt',
    value: 'OPTION',
    many: true,
    help: 'seccomp=FILE|log|unconfined, apparmor=PROFILE|unconfined, label=type:TYPE|disable, landlock=files ...',
  },
  {
    long: 'sysctl',
    value: 'NAME=VALUE',
    many: true,
    help: "a kernel setting of the container's own, such as net.ipv4.ip_forward=1",
  },
  { long: 'privileged', help: 'all capabilities, no filter, nothing hidden: only for programs you trust as yourself' },
  { long: 'timeout', value: 'TIME', help: 'end the container after so many seconds, or 500ms, 5s, 2m' },
  { long: 'init', help: 'run an init as process 1 that hands on signals and reaps orphans' },
  { long: 'quiet', short: 'q', help: 'no remarks, only errors' },
];

/** The option table as a person reads it. */
export function renderOptions(rows: readonly OptionRow[]): string {
  const left = rows.map(
    ({ long, short, value }) => `${short ? `-${short}, ` : '    '}--${long}${value ? ` ${value}` : ''}`,
  );
  const width = Math.max(...left.map((text) => text.length)) + 2;
  return rows.map(({ help }, index) => `  ${(left[index] ?? '').padEnd(width)}${help}`).join('\n');
}
