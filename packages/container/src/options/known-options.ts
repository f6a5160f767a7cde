import { nearest } from '@coracle/errors';
import type { LifeOptions } from '../container.ts';
import type { ExecOptions } from '../exec.ts';
import type { RunOptions } from '../run.ts';
import { OptionError } from './option-error.ts';
import type {
  ContainerOptions,
  DeviceOption,
  LimitOptions,
  RootOption,
  SecurityOptions,
  SelinuxLabelParts,
  TerminalSize,
  Tmpfs,
  UserNamespaceOption,
  Volume,
} from './options.ts';

/** The keys of a type, each exactly once: one that is missing here, or is none, does not compile. */
type Keys<T> = { readonly [Key in keyof Required<T>]: true };
/** Of the forms an option has, the one with keys. */
type Written<T, Form extends object> = Extract<T, Form>;

const CONTAINER: Keys<ContainerOptions & LifeOptions & RunOptions> = {
  callerTerminal: true,
  capAdd: true,
  capDrop: true,
  command: true,
  cwd: true,
  deviceRules: true,
  devices: true,
  env: true,
  hostname: true,
  init: true,
  input: true,
  limits: true,
  maxOutput: true,
  name: true,
  network: true,
  onSent: true,
  onSyscall: true,
  privileged: true,
  readOnly: true,
  rlimits: true,
  root: true,
  security: true,
  signal: true,
  stateRoot: true,
  stderr: true,
  stdin: true,
  stdout: true,
  sysctls: true,
  terminal: true,
  timeout: true,
  tmpfs: true,
  user: true,
  userNamespace: true,
  volumes: true,
};
const LIMITS: Keys<LimitOptions> = { cpus: true, memory: true, memoryWithSwap: true, pids: true };
const SECURITY: Keys<SecurityOptions> = {
  apparmor: true,
  landlock: true,
  mask: true,
  noNewPrivileges: true,
  seccomp: true,
  selinuxLabel: true,
  systemPaths: true,
  unmask: true,
};
const SELINUX_LABEL: Keys<SelinuxLabelParts> = { fileType: true, level: true, role: true, type: true, user: true };
const ROOT: Keys<Written<RootOption, { path: string }>> = { overlay: true, path: true };
const USER_NAMESPACE: Keys<Written<UserNamespaceOption, { mode: string }>> = { gid: true, mode: true, uid: true };
const TERMINAL: Keys<TerminalSize> = { columns: true, rows: true };
const VOLUME: Keys<Volume> = {
  chown: true,
  dev: true,
  exec: true,
  idmap: true,
  propagation: true,
  readOnly: true,
  recursive: true,
  relabel: true,
  source: true,
  suid: true,
  target: true,
};
const TMPFS: Keys<Tmpfs> = { options: true, target: true };
const DEVICE: Keys<DeviceOption> = { access: true, path: true, target: true };
const EXEC: Keys<ExecOptions> = {
  cwd: true,
  env: true,
  signal: true,
  stderr: true,
  stdin: true,
  stdout: true,
  timeout: true,
  user: true,
};

/**
 * Refuses an option of a container that does not exist, for what its author meant would silently not hold. `undefined` is no
 * option. Not everyone who calls this is checked by a compiler.
 * @throws {OptionError} naming the option and the nearest one there is
 */
export function checkKnown(options: ContainerOptions): void {
  const { limits, security, root, userNamespace, terminal, volumes, tmpfs, devices } = options;
  check(options, CONTAINER);
  check(limits, LIMITS, 'limits');
  check(security, SECURITY, 'security');
  check(security?.selinuxLabel, SELINUX_LABEL, 'security.selinuxLabel');
  check(root, ROOT, 'root');
  check(userNamespace, USER_NAMESPACE, 'userNamespace');
  check(terminal, TERMINAL, 'terminal');
  for (const volume of volumes ?? []) check(volume, VOLUME, 'volumes');
  for (const one of tmpfs ?? []) check(one, TMPFS, 'tmpfs');
  for (const device of devices ?? []) check(device, DEVICE, 'devices');
}

/**
 * The same for a further program.
 * @throws {OptionError} naming the option and the nearest one there is
 */
export function checkKnownOfExec(options: ExecOptions): void {
  check(options, EXEC);
}

/** @param where the option it belongs to; of the container itself if absent */
function check(given: unknown, known: Readonly<Record<string, true>>, where?: string): void {
  if (typeof given !== 'object' || given === null) return;
  for (const key of Object.keys(given))
    if (!Object.hasOwn(known, key) && Reflect.get(given, key) !== undefined) throw unknownOption(key, known, where);
}

function unknownOption(key: string, known: Readonly<Record<string, true>>, where: string | undefined): OptionError {
  const inside = (name: string): string => (where === undefined ? name : `${where}.${name}`);
  const names = new Map(Object.keys(known).map((name) => [name, inside(name)]));
  if (known === CONTAINER) {
    // `memory` at the top is a slip easily made.
    for (const name of Object.keys(LIMITS)) names.set(name, `limits.${name}`);
    for (const name of Object.keys(SECURITY)) names.set(name, `security.${name}`);
  }
  const near = nearest(key, [...names.keys()]);
  return new OptionError(
    inside(key),
    `there is no option ${inside(key)}`,
    near === undefined ? `there are: ${[...names.values()].sort().join(', ')}` : `did you mean ${names.get(near)}?`,
  );
}
