import { readInRoot } from '@coracle/chroot-fs';
import { checkString } from '../options/check-string.ts';
import { OptionError } from '../options/option-error.ts';

/** Who a program runs as. */
export interface UserIds {
  uid: number;
  gid: number;
  additionalGids: number[];
  home: string;
}

/** The largest id; 2^32-1 stands for "no change" in setresuid(2). */
const MAX_ID = 2 ** 32 - 2;

/** So many supplementary groups a process can have, NGROUPS_MAX of the kernel. */
const MOST_GROUPS = 65536;

/**
 * The ids of `user[:group]`, names or numbers, by the root's own /etc/passwd and /etc/group; see passwd(5), group(5).
 * A number needs no entry: it stands for itself, with group 0 as Docker has it.
 * @throws {OptionError} for a name the root does not know or a number out of range
 */
export function lookUpUser(spec: string, rootPath: string): UserIds {
  const [user = '', group, ...rest] = spec.split(':');
  if (user === '' || group === '' || rest.length > 0 || spec.includes('\0')) {
    throw new OptionError(
      'user',
      `cannot read the user '${spec}'`,
      'write USER or USER:GROUP, each a name or a number',
    );
  }
  const root = asRoot(spec);
  if (root) return root;
  const passwd = rows(rootPath, '/etc/passwd');
  const id = numeric(user, 'user');
  const entry = passwd.find((fields) =>
    id === undefined ? fields[0] === user : /^[0-9]+$/.test(fields[2] ?? '') && Number(fields[2]) === id,
  );
  if (id === undefined && !entry)
    throw new OptionError(
      'user',
      `no user '${user}' in the container`,
      "its root's /etc/passwd has no such name; use a number, or a name from there",
    );
  const groups = rows(rootPath, '/etc/group');
  const name = group === undefined ? entry?.[0] : undefined;
  const gid = group === undefined ? (entry ? checkedId(entry[3], 'group', user) : 0) : lookUpGroup(group, groups);
  return {
    uid: id ?? checkedId(entry?.[2], 'user', user),
    gid,
    // With it among them no set-group-id program leaves it: what a file denies to the group stays denied (CVE-2022-2989).
    additionalGids: name === undefined ? [gid] : groupsOf(name, { gid, groups }),
    home: homeOf(entry),
  };
}

/** Root, as the spec has it in numbers: he is the same everywhere, and no file has a say in it. */
export function asRoot(spec: string): UserIds | undefined {
  return spec === '0' || spec === '0:0' ? { uid: 0, gid: 0, additionalGids: [], home: '/root' } : undefined;
}

/** A file that is no text may have anything there. */
function homeOf(entry: readonly string[] | undefined): string {
  const home = entry?.[5] || '/';
  checkString('user', home);
  return home;
}

function lookUpGroup(group: string, groups: readonly string[][]): number {
  const id = numeric(group, 'group');
  if (id !== undefined) return id;
  const entry = groups.find((fields) => fields[0] === group);
  if (!entry)
    throw new OptionError(
      'user',
      `no group '${group}' in the container`,
      "its root's /etc/group has no such name; use a number, or a name from there",
    );
  return checkedId(entry[2], 'group', group);
}

function groupsOf(name: string, { gid, groups }: { gid: number; groups: readonly string[][] }): number[] {
  const ids = groups
    .filter((fields) => fields[3]?.split(',').includes(name))
    .map((fields) => checkedId(fields[2], 'group', fields[0] ?? ''));
  const each = [...new Set([gid, ...ids])];
  if (each.length > MOST_GROUPS)
    throw new OptionError(
      'user',
      `the root's /etc/group has user '${name}' in ${each.length} groups, and a process can be in ${MOST_GROUPS}`,
      `name the group too, and he is in no others: ${name}:GROUP`,
    );
  return each;
}

function numeric(text: string, what: string): number | undefined {
  return /^[0-9]+$/.test(text) ? checkedId(text, what, text) : undefined;
}

function checkedId(text: string | undefined, what: string, of: string): number {
  const id = /^[0-9]+$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (!(id <= MAX_ID))
    throw new OptionError(
      'user',
      `the ${what} id of '${of}' is '${text}', not a number from 0 to ${MAX_ID}`,
      "write a number that can be one; names are as good as the root's own /etc/passwd and /etc/group",
    );
  return id;
}

function rows(rootPath: string, path: string): string[][] {
  return (readInRoot(rootPath, path) ?? '').split('\n').map((line) => line.split(':'));
}
