import type { IDMapping } from '../types/config.ts';
import { type Check, object, type Rule, required, where } from './check.ts';
import { memberPath, report } from './problem.ts';
import { id, integer } from './scalars.ts';

const LARGEST_END = 2 ** 32 - 1;

/** A range must end before the id that is no id. */
const fits: Rule<IDMapping> = (mapping, at, problems) => {
  const largest = LARGEST_END - Math.max(mapping.containerID, mapping.hostID);
  if (mapping.size > largest) {
    const allowed = `at most ${largest}, so that the last id is below ${LARGEST_END}`;
    report(problems, { path: memberPath(at, 'size'), value: mapping.size, allowed });
  }
};

export const idMapping: Check<IDMapping> = where(
  object<IDMapping>({ containerID: required(id), hostID: required(id), size: required(integer(1, LARGEST_END)) }),
  fits,
);
