import { randomBytes } from '@coracle/syscalls';
import { OptionError } from '../options/option-error.ts';
import type { SelinuxLabelParts } from '../options/options.ts';

/** The labels that a policy has for containers: of their programs, and of their files. */
export interface SelinuxContexts {
  process: string;
  file: string;
}

/** Those of the container policy of Fedora, Debian and SUSE. */
const USUAL: SelinuxContexts = {
  process: 'system_u:system_r:container_t:s0',
  file: 'system_u:object_r:container_file_t:s0',
};

/**
 * The labels of the installed policy, from its file `lxc_contexts`; the usual ones where it has none.
 * @param textOf gives the text of a file, `undefined` where there is none
 * @see selinux_lxc_contexts_path(3)
 */
export function readSelinuxContexts(textOf: (path: string) => string | undefined): SelinuxContexts {
  const [, policy = 'targeted'] = /^\s*SELINUXTYPE\s*=\s*(\w+)/m.exec(textOf('/etc/selinux/config') ?? '') ?? [];
  const text = textOf(`/etc/selinux/${policy}/contexts/lxc_contexts`) ?? '';
  const context = (name: keyof SelinuxContexts): string =>
    new RegExp(`^\\s*${name}\\s*=\\s*"([^"]+)"`, 'm').exec(text)?.[1] ?? USUAL[name];
  return { process: context('process'), file: context('file') };
}

const PARTS = ['user', 'role', 'type', 'fileType', 'level'] as const;

/** The level alone has a form of its own: `s0:c1,c2`, `s0-s15:c0.c1023`. */
function canBe(part: (typeof PARTS)[number], value: unknown): boolean {
  return typeof value === 'string' && (part === 'level' ? /^s\d+[\w.,:-]*$/ : /^[\w.-]+$/).test(value);
}

/**
 * The labels of a container's programs and of the files in memory it makes, from what is said of them and what the policy has.
 * A container for which no level is named gets one of its own, so that it cannot touch the files of others.
 * @throws {OptionError} for a part that cannot be one, and for a whole label that is none
 */
export function selinuxLabels(
  wanted: string | SelinuxLabelParts,
  contexts: SelinuxContexts,
): { process: string; mount: string } {
  const parts = typeof wanted === 'string' ? splitLabel(wanted) : wanted;
  for (const part of PARTS)
    if (parts[part] !== undefined && !canBe(part, parts[part])) throw notAPart(part, parts[part]);
  const process = splitLabel(contexts.process);
  const file = splitLabel(contexts.file);
  const hasLevels = process.level !== undefined;
  const level = parts.level ?? (hasLevels && typeof wanted !== 'string' ? ownLevel() : undefined);
  const join = (...fields: (string | undefined)[]): string => fields.filter((field) => field !== undefined).join(':');
  return {
    process: join(parts.user ?? process.user, parts.role ?? process.role, parts.type ?? process.type, level),
    mount: join(parts.user ?? file.user, file.role, parts.fileType ?? file.type, level),
  };
}

function splitLabel(label: string): SelinuxLabelParts {
  const [, user, role, type, level] = /^([^:]+):([^:]+):([^:]+)(?::(.+))?$/s.exec(label) ?? [];
  if (user === undefined || role === undefined || type === undefined)
    throw new OptionError(
      'security.selinuxLabel',
      `${JSON.stringify(label)} is no SELinux label`,
      'write user:role:type:level, such as system_u:system_r:container_t:s0:c1,c2; its parts as { type: "container_t" }; or disable',
    );
  return { user, role, type, ...(level === undefined ? {} : { level }) };
}

function notAPart(part: string, value: unknown): OptionError {
  return new OptionError(
    'security.selinuxLabel',
    `${JSON.stringify(value)} cannot be the ${part === 'fileType' ? 'file type' : part} of a SELinux label`,
    part === 'level'
      ? 'a level is a sensitivity, with categories if need be: s0:c1,c2'
      : 'it has letters, digits, _ . and - alone, such as container_t',
  );
}

const CATEGORIES = 1024;

/** Two of the categories, as all who label containers do it: half a million pairs. */
function ownLevel(): string {
  const words = new DataView(Uint8Array.from(randomBytes(4)).buffer);
  const one = words.getUint16(0) % CATEGORIES;
  const distance = 1 + (words.getUint16(2) % (CATEGORIES - 1));
  const [low, high] = [one, (one + distance) % CATEGORIES].toSorted((a, b) => a - b);
  return `s0:c${low},c${high}`;
}
