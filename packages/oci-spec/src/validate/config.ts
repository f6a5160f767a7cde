import { arrayOf, type Check, object, type Rule, recordOf, required, where } from '../checks/check.ts';
import { memberPath, report } from '../checks/findings.ts';
import { absolutePath, boolean, integer, name, text, variable } from '../checks/scalars.ts';
import type { Config, Hook, Hooks, Root } from '../types/config.ts';
import { linux } from './linux.ts';
import { mapsUserNamespace } from './maps-user-namespace.ts';
import { idmapHasMappings, mount } from './mount.ts';
import { needsNamespaces } from './needs-namespaces.ts';
import { process } from './process.ts';
import { ownSysctls } from './sysctls.ts';
import { isNewerThanOurs, version } from './version.ts';

/** {@link Config}. */
export function config(): Check<Config> {
  return where(
    object<Config>({
      ociVersion: required(version),
      root: required(object<Root>({ path: required(name), readonly: boolean })),
      mounts: arrayOf(mount()),
      process: process(),
      hostname: hostName,
      domainname: hostName,
      hooks: hooks(),
      annotations: recordOf(text, name),
      linux: linux(),
    }),
    needsNamespaces,
    mapsUserNamespace,
    idmapHasMappings,
    ownSysctls,
    remarks,
  );
}

function hooks(): Check<Hooks> {
  const ofOnePoint = arrayOf(
    object<Hook>({
      path: required(absolutePath),
      args: arrayOf(text),
      env: arrayOf(variable),
      timeout: integer(1, Number.MAX_SAFE_INTEGER),
    }),
  );
  return object<Hooks>({
    prestart: ofOnePoint,
    createRuntime: ofOnePoint,
    createContainer: ofOnePoint,
    startContainer: ofOnePoint,
    poststart: ofOnePoint,
    poststop: ofOnePoint,
  });
}

/** The kernel has room for 64 bytes; a letter of UTF-8 takes up to four. */
const hostName: Check<string> = (value, at, findings): value is string =>
  (typeof value === 'string' && !value.includes('\0') && Buffer.byteLength(value) <= 64) ||
  report(findings, { path: at, value, allowed: 'a string of at most 64 bytes without NUL' });

/** What a valid configuration has that does nothing here, or not for long any more. */
const remarks: Rule<Config> = (value, at, findings) => {
  const remark = (path: string, said: string): void => void findings.remarks.push({ path, text: said });
  if (isNewerThanOurs(value.ociVersion)) {
    remark(memberPath(at, 'ociVersion'), `is ${value.ociVersion}: what that has more than 1.3.0 is ignored`);
  }
  for (const other of ['windows', 'vm', 'solaris', 'zos', 'freebsd']) {
    if (Object.hasOwn(value, other)) remark(memberPath(at, other), 'is for another system and is ignored');
  }
  for (const [index, { destination }] of (value.mounts ?? []).entries()) {
    if (destination.startsWith('/')) continue;
    remark(`${at}.mounts[${index}].destination`, `is taken as '/${destination}'; relative paths are deprecated`);
  }
};
