import type { DeviceRuleInput } from '@coracle/cgroups-core';
import type { Property } from './property.ts';

/** What systemd lets through, as it writes it: a path or a family of drivers, and kinds of access. */
type Allowed = Map<string, string>;

/**
 * Rules for devices as properties of a unit, which lets through what is listed and nothing else. Rules that take a part of something away,
 * which systemd cannot say, take it away altogether, and those for one number of any driver are passed over: never more is let through than
 * the rules say, and who writes the files of version 1 afterwards puts the exact ones in force.
 * @param rules of which the later wins; the first is to deny all
 * @see systemd.resource-control(5) "DeviceAllow="; since systemd 240 no node has to be there
 * @example
 * deviceProperties([{ allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }])[1];
 * // ['DeviceAllow', ['a(ss)', [['/dev/char/1:3', 'rw']]]]
 */
export function deviceProperties(rules: readonly DeviceRuleInput[]): Property[] {
  const allowed: Allowed = new Map();
  for (const rule of rules) {
    const types = rule.type === 'b' || rule.type === 'c' ? [rule.type] : ['c', 'b'];
    for (const type of types) (rule.allow ? allow : deny)(allowed, { ...rule, type });
  }
  return [
    ['DevicePolicy', ['s', 'strict']],
    ['DeviceAllow', ['a(ss)', [...allowed]]],
  ];
}

function allow(allowed: Allowed, rule: DeviceRuleInput): void {
  const name = nameOf(rule);
  if (name === undefined) return;
  allowed.set(name, union(allowed.get(name), rule.access));
}

/** Of what is listed, all that has a device in common with the rule loses the access. */
function deny(allowed: Allowed, rule: DeviceRuleInput): void {
  for (const [name, access] of allowed) {
    if (!meets(name, rule)) continue;
    const left = [...access].filter((kind) => !(rule.access ?? 'rwm').includes(kind)).join('');
    if (left === '') allowed.delete(name);
    else allowed.set(name, left);
  }
}

function union(some = '', more = 'rwm'): string {
  return [...'rwm'].filter((kind) => some.includes(kind) || more.includes(kind)).join('');
}

function nameOf({ type, major = -1, minor = -1 }: DeviceRuleInput): string | undefined {
  const family = type === 'b' ? 'block' : 'char';
  if (major >= 0 && minor >= 0) return `/dev/${family}/${major}:${minor}`;
  if (major >= 0) return `${family}-${major}`;
  return minor >= 0 ? undefined : `${family}-*`;
}

function meets(name: string, { type, major = -1, minor = -1 }: DeviceRuleInput): boolean {
  const [, family, ofMajor = '*', ofMinor = '*'] = /^(?:\/dev\/)?(char|block)[-/](\d+|\*)(?::(\d+))?$/.exec(name) ?? [];
  const agrees = (one: string, other: number): boolean => one === '*' || other < 0 || Number(one) === other;
  return family === (type === 'b' ? 'block' : 'char') && agrees(ofMajor, major) && agrees(ofMinor, minor);
}
