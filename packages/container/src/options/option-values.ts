import { OptionError } from './option-error.ts';
import type { ContainerOptions, RootOption, SecurityOptions, Volume } from './options.ts';

/** The keys of a type whose value is yes or no. */
type Switch<T> = { [Key in keyof T]-?: NonNullable<T[Key]> extends boolean ? Key : never }[keyof T];

const SWITCHES: readonly Switch<ContainerOptions>[] = ['init', 'privileged', 'readOnly'];
const SECURITY: readonly Switch<SecurityOptions>[] = ['noNewPrivileges'];
const VOLUME: readonly Switch<Volume>[] = ['chown', 'dev', 'exec', 'idmap', 'readOnly', 'suid'];
const ROOT: readonly Switch<Extract<RootOption, { overlay: boolean }>>[] = ['overlay'];

/** Options with parts of their own. */
const WITH_PARTS = ['env', 'limits', 'rlimits', 'security', 'sysctls'] as const;

/** Options that are one of a few words, and what is not among them would be taken as the default. */
const WORDS = {
  network: ['none', 'host'],
  'security.landlock': ['default', 'files'],
  'security.systemPaths': ['default', 'unconfined'],
} as const;

/**
 * Refuses values that would silently be taken as something else: a wall is not left out because it was asked for as `'file'`, nor taken
 * down by `privileged: 'false'`, as a form or a variable of the environment has it.
 * @throws {OptionError} naming the option and the values it takes
 */
export function checkValues(options: ContainerOptions): void {
  for (const name of WITH_PARTS) checkParts(name, options[name]);
  const { network, root, security, volumes } = options;
  checkSwitches(options, SWITCHES);
  checkSwitches(security, SECURITY, 'security.');
  for (const volume of volumes ?? []) checkSwitches(volume, VOLUME, 'volumes.');
  if (typeof root === 'object') checkSwitches(root, ROOT, 'root.');
  checkWord('network', network);
  checkWord('security.landlock', security?.landlock);
  checkWord('security.systemPaths', security?.systemPaths);
  checkList('security.mask', security?.mask);
  checkList('security.unmask', security?.unmask);
}

function checkParts(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))) return;
  throw new OptionError(name, `${name} cannot be ${shown(value)}: it has parts with names`, `write ${name}: { ... }`);
}

function checkSwitches(given: object | undefined, names: readonly string[], where = ''): void {
  if (!given) return;
  for (const name of names) {
    const value: unknown = Reflect.get(given, name);
    if (value === undefined || typeof value === 'boolean') continue;
    throw new OptionError(`${where}${name}`, `${where}${name} cannot be ${shown(value)}`, 'write true or false');
  }
}

function checkWord(name: keyof typeof WORDS, value: string | undefined): void {
  const words: readonly string[] = WORDS[name];
  if (value === undefined || words.includes(value)) return;
  throw new OptionError(name, `${name} cannot be ${shown(value)}`, `there are ${words.join(' and ')}`);
}

function checkList(name: string, value: unknown): void {
  if (value === undefined || Array.isArray(value)) return;
  throw new OptionError(name, `${name} cannot be ${shown(value)}: it is a list`, `write ${name}: [ ... ]`);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
