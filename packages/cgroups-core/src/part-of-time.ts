import { dirname } from 'node:path';
import type { ReadFile } from './file-operation.ts';
import { childGroups } from './processes.ts';
import type { Reason } from './why-refused.ts';

/** The files of version 1 that make a part of the time: so much work in each period. */
interface Files {
  work: string;
  period: string;
}

const ORDINARY: Files = { work: 'cpu.cfs_quota_us', period: 'cpu.cfs_period_us' };
const REALTIME: Files = { work: 'cpu.rt_runtime_us', period: 'cpu.rt_period_us' };

/** Why version 1 refuses a part of the time: a group has at most what the one above has, and at least what those below have. */
export const partOfTime: Reason = ({ directory, file, value, code, read }) => {
  const files = [ORDINARY, REALTIME].find(({ work, period }) => file === work || file === period);
  if (code !== 'EINVAL' || files === undefined) return undefined;
  const asked = partOf(directory, files, (path) => (path === `${directory}/${file}` ? value : read(path)));
  const what = files === REALTIME ? 'real time' : 'time';
  const below = files === REALTIME ? sharersBelow(directory, asked, read) : largerBelow(directory, asked, read);
  if (below !== undefined) {
    return {
      text: `${below} below it would have more ${what} than it has`,
      hint: `lower ${files.work} there first`,
    };
  }
  const above = dirname(directory);
  return {
    text: `the group above, ${above}, has not as much ${what}`,
    hint: `see ${above}/${file}: a group and those below it can have at most what it has`,
  };
};

/** `undefined` for no limit, and where the files do not say. */
function partOf(directory: string, { work, period }: Files, read: ReadFile): number | undefined {
  const [time, of] = [Number(read(`${directory}/${work}`)), Number(read(`${directory}/${period}`))];
  return time >= 0 && of > 0 ? time / of : undefined;
}

/** A group below is held to the group above alone; one without a limit has none of its own to hold. */
function largerBelow(directory: string, part: number | undefined, read: ReadFile): string | undefined {
  if (part === undefined) return undefined;
  for (const child of childGroups(directory)) {
    if ((partOf(child, ORDINARY, read) ?? 0) > part) return `the group ${child}`;
    const deeper = largerBelow(child, part, read);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

/** Real time is handed out: the groups right below share it. */
function sharersBelow(directory: string, part: number | undefined, read: ReadFile): string | undefined {
  if (part === undefined) return undefined;
  const parts = childGroups(directory).map((child) => partOf(child, REALTIME, read) ?? 0);
  return parts.reduce((sum, one) => sum + one, 0) > part ? 'the groups right' : undefined;
}
