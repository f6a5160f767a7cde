import type { Check } from '@coracle/container/doctor';
import { inOneLine } from './harmless.ts';

const MARK = { ok: 'ok     ', warning: 'warning', missing: 'MISSING' } as const;

/** The findings of `doctor`, a line each; below what is missing, the command that fixes it. */
export function renderChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ topic }) => topic.length)) + 2;
  const lines = checks.flatMap(({ topic, status, found, fix }) => {
    const line = `${MARK[status]}  ${topic.padEnd(width)}${inOneLine(found)}`;
    return fix === undefined ? [line] : [line, `         ${' '.repeat(width)}fix: ${inOneLine(fix)}`];
  });
  return `${lines.join('\n')}\n`;
}
