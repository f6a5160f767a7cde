import { basename } from 'node:path';
import { isErrno, SystemError } from '@coracle/errors';
import { type DoorOptions, writeValue } from './door.ts';
import type { FileOperation } from './file-operation.ts';
import { planPutBack, type Written } from './put-back.ts';
import { readValue } from './read-value.ts';

/**
 * Passes operations on and notes those that were carried out, each with what its file said right before. The last of a list is
 * never put back, as nothing fails after it: its file is not read, which would take longer than to write it.
 */
export function* noting(operations: Iterable<FileOperation>, written: Written[]): Generator<FileOperation> {
  let left = Array.isArray(operations) ? operations.length : Infinity;
  for (const operation of operations) {
    left--;
    const before = operation.kind === 'write' && left > 0 ? readIfAllowed(operation.path) : undefined;
    yield operation;
    // The next is asked for only after this one went well.
    if (operation.kind === 'write') written.push({ operation, before });
  }
}

/** Some files can only be written, such as `cgroup.kill`: they are asked for a deed, and have nothing to put back. */
function readIfAllowed(path: string): string | undefined {
  try {
    return readValue(path);
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM', 'EINVAL')) return undefined;
    throw error;
  }
}

/**
 * Undoes writes, the last first: each in the state that it led to, so that the kernel takes the way back as it took the way there.
 * @returns the error, which then says what was put back and what was not
 */
export function afterPuttingBack(error: unknown, written: readonly Written[], door: DoorOptions): unknown {
  const [back, lost]: [Set<string>, Set<string>] = [new Set(), new Set()];
  const failures: unknown[] = [];
  for (const one of [...written].reverse()) {
    const operation = planPutBack(one);
    const file = basename(one.operation.path);
    try {
      if (operation?.kind === 'write') writeValue(operation.path, operation.value, door);
      (operation ? back : lost).add(file);
    } catch (failure) {
      lost.add(file);
      failures.push(failure);
    }
  }
  const note = [
    noteOf(
      'put back as before',
      [...back].filter((file) => !lost.has(file)),
    ),
    noteOf('changed', [...lost]),
  ];
  return error instanceof SystemError ? noted(error, note.filter(Boolean).join('; '), failures) : error;
}

function noteOf(what: string, files: readonly string[]): string {
  return files.length === 0 ? '' : `${what}: ${files.join(', ')}`;
}

function noted(error: SystemError, note: string, failures: readonly unknown[]): SystemError {
  if (note === '') return error;
  const { code, syscall, path, dest, detail, step, hint, text, cause, suppressed } = error;
  const details = { code, syscall, path, dest, step, hint, text, cause };
  const same = new SystemError({ ...details, detail: detail === undefined ? note : `${detail}; ${note}` });
  same.suppressed.push(...suppressed, ...failures);
  return same;
}
