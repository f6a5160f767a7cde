import { type FileOperation, setFile } from '@coracle/cgroups-core';

/** Files as they are. The kernel takes one line at a time. */
export function planUnified(files: Readonly<Record<string, string>>, directory: string): FileOperation[] {
  return Object.entries(files).flatMap(([file, text]) =>
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => setFile(`${directory}/${file}`, line, `write what was asked for into ${file}`)),
  );
}
