import { type Check, object, type Rule, required, where } from '../checks/check.ts';
import { memberPath, report } from '../checks/findings.ts';
import { id, integer } from '../checks/scalars.ts';
import type { IDMapping } from '../types/config.ts';

const LARGEST_END = 2 ** 32 - 1;

/** {@link IDMapping}. */
export function idMapping(): Check<IDMapping> {
  return where(
    object<IDMapping>({ containerID: required(id), hostID: required(id), size: required(integer(1, LARGEST_END)) }),
    fits,
  );
}

/** A range must end before the id that is no id. */
const fits: Rule<IDMapping> = (mapping, at, findings) => {
  const largest = LARGEST_END - Math.max(mapping.containerID, mapping.hostID);
  if (mapping.size > largest) {
    const allowed = `at most ${largest}, so that the last id is below ${LARGEST_END}`;
    report(findings, { path: memberPath(at, 'size'), value: mapping.size, allowed });
  }
};
