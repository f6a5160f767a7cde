import { SystemError } from '@coracle/errors';
import type { ContainerRecord } from './record.ts';

/**
 * The record of a container from the text that was kept of it. What is not one, since the file was cut off or written by another, is
 * an error here, and not one of whatever would have used it first.
 * @throws SystemError EBADMSG with the path and what of it is damaged
 * @example
 * const record = parseRecord(readFileSync('/run/coracle-oci/web/state.json', 'utf8'), { id: 'web', path: '/run/coracle-oci/web/state.json' });
 */
export function parseRecord(text: string, { id, path }: { id: string; path: string }): ContainerRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged({ id, path, what: 'it is no JSON', cause });
  }
  if (!isObject(value)) throw damaged({ id, path, what: 'it is no object' });
  const wrong = FIELDS.find(([name, holds]) => !holds(value[name]))?.[0] ?? (value['id'] === id ? undefined : 'id');
  if (wrong !== undefined || !isRecord(value)) throw damaged({ id, path, what: `its ${JSON.stringify(wrong)}` });
  return value;
}

type Check = (value: unknown) => boolean;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** By {@link FIELDS}: what is within a configuration was looked at when the container was created. */
function isRecord(value: object): value is ContainerRecord {
  return FIELDS.every(([name, holds]) => holds(Reflect.get(value, name)));
}

const isText: Check = (value) => typeof value === 'string';
const isPath: Check = (value) => typeof value === 'string' && value.startsWith('/');
const isNumber: Check = (value) => Number.isSafeInteger(value);
const isListOfPaths: Check = (value) => Array.isArray(value) && value.every(isPath);
const isIdentity: Check = (value) =>
  isObject(value) &&
  isNumber(value['pid']) &&
  Number(value['pid']) > 0 && // kill(2) takes others for groups of processes
  isText(value['startTime']) &&
  isText(value['bootId']);
const orAbsent =
  (holds: Check): Check =>
  (value) =>
    value === undefined || holds(value);

const FIELDS: readonly (readonly [keyof ContainerRecord, Check])[] = [
  ['id', isText],
  ['bundle', isPath],
  ['config', isObject],
  ['rootfs', isPath],
  ['created', isText],
  ['owner', isNumber],
  ['stage', (value) => value === 'creating' || value === 'created'],
  ['process', orAbsent(isIdentity)],
  ['cgroups', isListOfPaths],
  ['unit', orAbsent(isObject)],
  ['directories', orAbsent(isListOfPaths)],
  ['doors', isListOfPaths],
  ['idMaps', orAbsent(isObject)],
  ['notifies', (value) => typeof value === 'boolean'],
];

function damaged({ id, path, what, cause }: { id: string; path: string; what: string; cause?: unknown }): SystemError {
  return new SystemError({
    code: 'EBADMSG',
    syscall: 'read',
    path,
    text: `what is kept of the container is damaged: ${what}`,
    hint: `forget it, which ends no process of it: delete --force ${id}`,
    ...(cause === undefined ? {} : { cause }),
  });
}
