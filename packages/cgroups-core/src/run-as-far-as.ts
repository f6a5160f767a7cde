import { basename } from 'node:path';
import { type DoorOptions, runOperations } from './door.ts';
import type { FileOperation } from './file-operation.ts';
import type { LeftOut, Mode } from './sift.ts';

/**
 * Carries out operations; in the mode `'best-effort'` those whose file this kernel lacks are left out.
 * @returns what was left out, by the names of the files
 * @throws SystemError as {@link runOperations}
 * @example
 * runAsFarAs(planResources(directory, { cpu: { uclampMin: 20 } }).operations, 'best-effort');
 */
export function runAsFarAs(operations: Iterable<FileOperation>, mode: Mode, door: DoorOptions = {}): LeftOut[] {
  const leftOut: LeftOut[] = [];
  runOperations(operations, {
    ...door,
    leaveOut: ({ path }, { message, hint = 'use another kernel' }) => {
      if (mode === 'best-effort') leftOut.push({ resource: basename(path), reason: message, alternative: hint });
      return mode === 'best-effort';
    },
  });
  return leftOut;
}
