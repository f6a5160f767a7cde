import { RESOURCES } from '@coracle/cgroups-core';
import type { Availability } from './availability.ts';
import type { Machine } from './detect.ts';
import type { Survey, SurveyedMount } from './survey.ts';

const VERSIONS: Readonly<Record<Machine['version'], string>> = {
  v1: 'cgroup version 1',
  v2: 'cgroup version 2',
  hybrid: 'cgroup version 1, with version 2 beside it',
  none: 'no cgroups',
};

/**
 * What is there, in words: what can be limited, and why the rest cannot. One line of what {@link detect} finds; of a
 * {@link survey} a paragraph, with where everything is mounted and what helps.
 * @example
 * console.log(describe(detect())); // 'cgroup version 2; pids, memory, cpus can be limited'
 * console.log(describe(survey()));
 */
export function describe(what: Machine | Survey): string {
  return 'mounts' in what ? paragraph(what) : line(what);
}

function line({ version, resources }: Machine): string {
  const can = RESOURCES.filter((resource) => resources[resource].version !== undefined);
  const answers = RESOURCES.map((name) => ({ name, ...resources[name] }));
  const parts = [VERSIONS[version], `${can.length === 0 ? 'nothing' : can.join(', ')} can be limited`];
  const reasons = whyNot(answers).map(({ names, reason }) => `not ${names.join(', ')}: ${reason}`);
  return [...parts, ...reasons].join('; ');
}

function paragraph({ version, mounts, controllers, devices, buildsBelow, systemd }: Survey): string {
  const can = controllers.filter((one) => one.version !== undefined);
  const answers = [...controllers, { name: 'devices', ...devices }];
  return [
    `${VERSIONS[version]}${systemd ? '; process 1 is systemd' : ''}`,
    ...mounts.map(describeMount),
    buildsBelow.length === 0 ? 'you can make groups nowhere' : `you can make groups below ${buildsBelow.join(', ')}`,
    ...can.map(({ name, version, limits }) => `${name} (${version}): ${limits}`),
    ...(devices.version === undefined ? [] : [`devices (${devices.version}): which devices may be used`]),
    ...whyNot(answers).map(({ names, reason, fix }) => `not ${names.join(', ')}: ${reason}\n  what helps: ${fix}`),
  ].join('\n');
}

function describeMount({ version, mountPoint, controllers, isReadOnly, isWritable }: SurveyedMount): string {
  const rights = isReadOnly ? ', read-only' : isWritable ? '' : ', not yours to change';
  return `version ${version} at ${mountPoint}: ${controllers.join(', ') || 'no controllers'}${rights}`;
}

interface Reason {
  names: string[];
  reason: string;
  fix: string;
}

/** Each reason once, with all it holds for. */
function whyNot(answers: readonly ({ name: string } & Availability)[]): Reason[] {
  const reasons = new Map<string, Reason>();
  for (const answer of answers) {
    if (answer.version !== undefined) continue;
    const { name, reason, fix } = answer;
    const same = reasons.get(reason) ?? { names: [], reason, fix };
    same.names.push(name);
    reasons.set(reason, same);
  }
  return [...reasons.values()];
}
