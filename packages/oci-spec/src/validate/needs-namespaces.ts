import type { Rule } from '../checks/check.ts';
import { report } from '../checks/findings.ts';
import type { Config } from '../types/config.ts';
import type { NamespaceType } from '../types/linux.ts';

/** Settings that would change the host, or mean nothing, without a namespace of their own. */
export const needsNamespaces: Rule<Config> = (config, at, findings) => {
  const { hostname, domainname, linux = {} } = config;
  const settings: [path: string, value: unknown, type: NamespaceType][] = [
    [`${at}.hostname`, hostname || undefined, 'uts'],
    [`${at}.domainname`, domainname || undefined, 'uts'],
    [`${at}.linux.uidMappings`, nonEmpty(linux.uidMappings), 'user'],
    [`${at}.linux.gidMappings`, nonEmpty(linux.gidMappings), 'user'],
    [`${at}.linux.timeOffsets`, nonEmpty(linux.timeOffsets), 'time'],
    [`${at}.linux.maskedPaths`, nonEmpty(linux.maskedPaths), 'mount'],
    [`${at}.linux.readonlyPaths`, nonEmpty(linux.readonlyPaths), 'mount'],
  ];
  for (const [path, value, type] of settings) {
    if (value === undefined || linux.namespaces?.some((namespace) => namespace.type === type)) continue;
    report(findings, { path, value, allowed: `absent, as linux.namespaces has no '${type}'` });
  }
};

function nonEmpty<T extends object>(value: T | undefined): T | undefined {
  return value !== undefined && Object.keys(value).length > 0 ? value : undefined;
}
