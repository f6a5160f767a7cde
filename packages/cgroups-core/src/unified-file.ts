import { refusedTogether, refusedValue, type ValueCheck } from './resource-value.ts';

/** Of the files of the group itself, those that only limit; the others move, kill, freeze or hand down. */
const LIMITS_OF_GROUP: readonly string[] = ['cgroup.max.depth', 'cgroup.max.descendants', 'cgroup.pressure'];

/**
 * Refuses names that are no file of a controller of version 2.
 * @throws SystemError EINVAL
 */
export function checkUnifiedFile(file: string): void {
  const path = `unified['${file}']`;
  if (!/^[a-z0-9_]+(\.[A-Za-z0-9_]+)+$/.test(file)) {
    throw refusedValue(path, file, "the name of a file of the group such as 'memory.high', without a directory");
  }
  if (file.startsWith('cgroup.') && !LIMITS_OF_GROUP.includes(file)) {
    throw refusedTogether(
      path,
      'that file is not about resources',
      `of the files cgroup.* there are ${LIMITS_OF_GROUP.join(', ')}; add(), killAll() and plan() do what the others do`,
    );
  }
}

/** What is written to a file as it stands. */
export const checkUnifiedValue: ValueCheck<string> = (value, path) => {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw refusedValue(path, value, 'the text to write to the file');
};
