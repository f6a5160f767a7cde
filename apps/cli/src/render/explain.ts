import type { ExplainedPart } from '@coracle/container';
import { inOneLine } from './harmless.ts';

const WHO = {
  monitor: 'the monitor, outside',
  caller: 'this command',
  init: 'the first process, inside',
} as const;

/** The parts of a container's program for people: each question, each purpose once, the calls below it. */
export function renderExplanation(parts: readonly ExplainedPart[]): string {
  return parts
    .filter(({ steps }) => steps.length > 0)
    .map(renderPart)
    .join('\n');
}

const WIDTH = 100;

function renderPart({ question, by, steps, remarks = [] }: ExplainedPart): string {
  const lines = [`${question}  (${WHO[by]})`];
  let purpose: string | undefined;
  for (const { number, why, call } of steps) {
    if (why !== purpose) lines.push(`  ${inOneLine(why)}`);
    purpose = why;
    lines.push(`    ${String(number).padStart(3)}  ${inOneLine(call)}`);
  }
  for (const remark of remarks) lines.push(...wrapped(inOneLine(remark)));
  return `${lines.join('\n')}\n`;
}

/** A sentence in lines that a terminal shows whole. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = ' ';
  for (const word of text.split(' ')) {
    if (line.length + word.length >= WIDTH) {
      lines.push(line);
      line = '   ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
