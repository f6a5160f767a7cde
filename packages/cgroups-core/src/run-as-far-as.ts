import { basename } from 'node:path';
import { afterPuttingBack, noting } from './after-putting-back.ts';
import { type DoorOptions, runOperations } from './door.ts';
import type { FileOperation } from './file-operation.ts';
import type { Written } from './put-back.ts';
import type { LeftOut, Mode } from './sift.ts';

/** How a change of a group is carried out. */
export interface ChangeOptions extends DoorOptions {
  /** Whether what was written before a failure is put back; `true` if absent. A group that goes again has no use for it. */
  putBack?: boolean;
}

/**
 * Carries out the operations of a change; in the mode `'best-effort'` those whose file this kernel lacks are left out. It is all
 * or nothing: when one fails, what was written before is put back, the last first, and the error says of which files that is so.
 * @returns what was left out, by the names of the files
 * @throws SystemError as {@link runOperations}; what could not be put back is in `suppressed`
 * @example
 * runAsFarAs(planResources(directory, { cpu: { uclampMin: 20 } }).operations, 'best-effort');
 */
export function runAsFarAs(
  operations: Iterable<FileOperation>,
  mode: Mode,
  { putBack = true, ...door }: ChangeOptions = {},
): LeftOut[] {
  const leftOut: LeftOut[] = [];
  const skipped = new Set<FileOperation>();
  const written: Written[] = [];
  try {
    runOperations(putBack ? noting(operations, written) : operations, {
      ...door,
      leaveOut: (operation, { message, hint = 'use another kernel' }) => {
        if (mode !== 'best-effort') return false;
        leftOut.push({ resource: basename(operation.path), reason: message, alternative: hint });
        skipped.add(operation);
        return true;
      },
    });
  } catch (error) {
    throw afterPuttingBack(
      error,
      written.filter(({ operation }) => !skipped.has(operation)),
      door,
    );
  }
  return leftOut;
}
