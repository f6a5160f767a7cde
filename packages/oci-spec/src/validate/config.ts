import type { Config, Hook, Hooks, Mount, Root } from '../types/config.ts';
import { arrayOf, type Check, object, recordOf, required, where } from './check.ts';
import { idMapping } from './id-mapping.ts';
import { linux } from './linux.ts';
import { needsNamespaces } from './needs-namespaces.ts';
import { report } from './problem.ts';
import { process } from './process.ts';
import { absolutePath, boolean, integer, matching, name, text, variable } from './scalars.ts';

const mount: Check<Mount> = object<Mount>({
  destination: required(absolutePath),
  type: text,
  source: text,
  options: arrayOf(text),
  uidMappings: arrayOf(idMapping),
  gidMappings: arrayOf(idMapping),
});

const hooksOfOnePoint: Check<Hook[]> = arrayOf(
  object<Hook>({
    path: required(absolutePath),
    args: arrayOf(text),
    env: arrayOf(variable),
    timeout: integer(1, Number.MAX_SAFE_INTEGER),
  }),
);

const hooks: Check<Hooks> = object<Hooks>({
  prestart: hooksOfOnePoint,
  createRuntime: hooksOfOnePoint,
  createContainer: hooksOfOnePoint,
  startContainer: hooksOfOnePoint,
  poststart: hooksOfOnePoint,
  poststop: hooksOfOnePoint,
});

/** The kernel has room for 64 bytes; a letter of UTF-8 takes up to four. */
const hostName: Check<string> = (value, at, problems): value is string =>
  (typeof value === 'string' && !value.includes('\0') && Buffer.byteLength(value) <= 64) ||
  report(problems, { path: at, value, allowed: 'a string of at most 64 bytes without NUL' });

/** {@link Config}. */
export const config: Check<Config> = where(
  object<Config>({
    ociVersion: required(matching(/^\d+\.\d+\.\d+([-+][\w.+-]+)?$/, "a version such as '1.3.0'")),
    root: required(object<Root>({ path: required(name), readonly: boolean })),
    mounts: arrayOf(mount),
    process,
    hostname: hostName,
    domainname: hostName,
    hooks,
    annotations: recordOf(text, name),
    linux,
  }),
  needsNamespaces,
);
