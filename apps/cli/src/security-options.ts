import { readFileSync } from 'node:fs';
import type { ContainerOptions, DeviceOption, SelinuxLabelParts } from '@coracle/container';
import { ConfigError } from '@coracle/oci-spec';
import { checkProfile, parseProfile } from '@coracle/seccomp';
import { type Options, UsageError } from './arguments.ts';
import { messageOf } from './render/error.ts';

type Security = NonNullable<ContainerOptions['security']>;

const KNOWN =
  'seccomp=FILE|log|unconfined, apparmor=PROFILE|unconfined, label=disable, label=user:, role:, type:, level: or filetype:VALUE, landlock=files, no-new-privileges[=false], systempaths=unconfined, mask=PATH[:PATH] and unmask=ALL|PATH[:PATH]';

/**
 * `--cap-add`, `--cap-drop`, `--privileged`, `--security-opt` and `--sysctl` to the library's options.
 * @throws {UsageError} for words that are no option, and for files that are no profile
 */
export function securityOptions(
  options: Options,
): Required<
  Pick<ContainerOptions, 'capAdd' | 'capDrop' | 'devices' | 'deviceRules' | 'privileged' | 'security' | 'sysctls'>
> {
  let security: Security = {};
  for (const text of options.list('security-opt')) security = { ...security, ...securityOption(text, security) };
  return {
    capAdd: options.list('cap-add').flatMap(words),
    capDrop: options.list('cap-drop').flatMap(words),
    privileged: options.has('privileged'),
    security,
    devices: options.list('device').map(device),
    deviceRules: options.list('device-cgroup-rule'),
    sysctls: Object.fromEntries(options.list('sysctl').map(sysctl)),
  };
}

/** Docker's form: SRC, SRC:DST, SRC:rwm, SRC:DST:rwm. */
function device(text: string): DeviceOption {
  const [path = '', ...rest] = text.split(':');
  const access = rest.length > 0 && !rest.at(-1)?.startsWith('/') ? rest.pop() : undefined;
  const [target] = rest;
  if (!path.startsWith('/') || rest.length > 1)
    throw new UsageError(`--device ${text}: not SRC, SRC:DST or SRC:DST:rwm`, 'write --device /dev/fuse');
  return { path, ...(target === undefined ? {} : { target }), ...(access === undefined ? {} : { access }) };
}

function sysctl(text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new UsageError(`--sysctl ${text}: not NAME=VALUE`, 'write --sysctl net.ipv4.ip_forward=1');
  return [name, value];
}

/** Docker takes one at a time; a list with commas is what many write. */
function words(text: string): string[] {
  return text.split(',');
}

/** Docker separates name and value by `=`, in old scripts by `:`. */
function securityOption(text: string, before: Security): Security {
  const [, name = text, value] = /^([^=:]*)[=:](.*)$/s.exec(text) ?? [];
  const wrong = (reason: string): UsageError =>
    new UsageError(`--security-opt ${text}: ${reason}`, `there are ${KNOWN}`);
  switch (name) {
    case 'seccomp':
      if (!value) throw wrong('no profile is named');
      if (value === 'builtin') return { seccomp: 'default' }; // Docker's word for the profile that is there anyway
      return { seccomp: value === 'unconfined' || value === 'default' || value === 'log' ? value : readProfile(value) };
    case 'apparmor':
      if (!value) throw wrong('no profile is named');
      return { apparmor: value };
    case 'label': {
      const part = labelPart(value ?? '');
      if (!part) throw wrong(`'${value ?? ''}' is neither disable nor a part of a label`);
      const { selinuxLabel } = before;
      if (part === 'disable' || selinuxLabel === 'disable') return { selinuxLabel: 'disable' };
      return { selinuxLabel: { ...(typeof selinuxLabel === 'object' ? selinuxLabel : {}), ...part } };
    }
    case 'no-new-privileges':
      if (value !== undefined && value !== 'true' && value !== 'false')
        throw wrong(`'${value}' is neither true nor false`);
      return { noNewPrivileges: value !== 'false' };
    case 'landlock':
      if (value !== 'files' && value !== 'default') throw wrong(`'${value ?? ''}' is neither files nor default`);
      return { landlock: value };
    case 'systempaths':
      if (value !== 'unconfined') throw wrong(`'${value ?? ''}' is not unconfined`);
      return { systemPaths: 'unconfined' };
    // Podman's two.
    case 'mask':
      if (!value) throw wrong('no path is named');
      return { mask: [...(before.mask ?? []), ...value.split(':')] };
    case 'unmask':
      if (!value) throw wrong('no path is named');
      if (value.toUpperCase() === 'ALL') return { systemPaths: 'unconfined' };
      return { unmask: [...(before.unmask ?? []), ...value.split(':')] };
    default:
      throw wrong(`'${name}' is none of the security options`);
  }
}

/** Docker's names of the parts, and podman's for the files' type. */
const LABEL_PARTS: Readonly<Record<string, keyof SelinuxLabelParts>> = {
  user: 'user',
  role: 'role',
  type: 'type',
  level: 'level',
  filetype: 'fileType',
};

/** A level has colons of its own: `level:s0:c1,c2`. */
function labelPart(text: string): 'disable' | SelinuxLabelParts | undefined {
  if (text === 'disable') return text;
  const at = text.indexOf(':');
  const name = text.slice(0, Math.max(at, 0));
  const part = Object.hasOwn(LABEL_PARTS, name) ? LABEL_PARTS[name] : undefined;
  const value = text.slice(at + 1);
  return part === undefined || value === '' ? undefined : { [part]: value };
}

function readProfile(path: string): object {
  const wrong = (reason: string, hint: string): UsageError =>
    new UsageError(`--security-opt seccomp=${path}: ${reason}`, hint);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw wrong(messageOf(cause), 'name a file with a seccomp profile, or unconfined');
  }
  try {
    const profile = parseProfile(text);
    checkProfile(profile);
    return profile;
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const { path: where, allowed, found } = cause;
    throw wrong(
      `${where === '$' ? '' : `${where} `}must be ${allowed}, found ${found}`,
      'write a profile as Docker or OCI has it',
    );
  }
}
