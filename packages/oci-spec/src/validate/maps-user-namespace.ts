import type { Rule } from '../checks/check.ts';
import { memberPath, report } from '../checks/findings.ts';
import type { Config } from '../types/config.ts';

/** In a new user namespace without maps every id is that of nobody, so that not even the container's user can be set. */
export const mapsUserNamespace: Rule<Config> = ({ linux }, at, findings) => {
  if (!linux?.namespaces?.some(({ type, path }) => type === 'user' && path === undefined)) return;
  for (const kind of ['uidMappings', 'gidMappings'] as const) {
    const value = linux[kind];
    if (value !== undefined && value.length > 0) continue;
    const allowed = 'an array with at least one mapping, as a user namespace is made';
    report(findings, { path: memberPath(`${at}.linux`, kind), value, allowed });
  }
};
