import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CommandCopy } from '@coracle/test-support';

/** Said by a command that has to plan a start while it cannot. */
export const NOT_KNOWN = 'cannot read what';

/** What does something while the program without which nothing is planned is away: with starts that are known alone. */
export function withoutPlanning({ path }: Pick<CommandCopy, 'path'>): <Done>(act: () => Done) => Done {
  const directory = dirname(path);
  const preface = /preface: \{[^}]*file: "([^"]+)"/.exec(readFileSync(path, 'latin1'))?.[1];
  const codes = readdirSync(directory).filter((name) => name.endsWith('.code') && name !== preface);
  return (act) => {
    const aside = mkdtempSync(join(directory, 'aside-'));
    for (const name of codes) copyFileSync(join(directory, name), join(aside, name));
    for (const name of codes) rmSync(join(directory, name));
    try {
      return act();
    } finally {
      for (const name of codes) copyFileSync(join(aside, name), join(directory, name));
    }
  };
}
