import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { commandInside, create, plan } from '../src/index.ts';

const name = `coracle-test-inside-${process.pid}`;
const group = { what: "a group of one's own", met: plan({ name }) !== undefined };

describe('commandInside', () => {
  needs.test(group)('begins in every directory of the group, and so does what it starts', async () => {
    await using box = create(name);
    const [command, ...args] = commandInside(box, ['sh', '-c', 'cat /proc/self/cgroup']);
    const { stdout, status } = spawnSync(command, args, { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout.split('\n').filter((line) => line.endsWith(`/${name}`))).toHaveLength(box.directories.length);
    expect(readFileSync('/proc/self/cgroup', 'utf8')).not.toContain(name);
  });

  needs.test(group)('hands words over as they are, and the exit code back', async () => {
    await using box = create(name);
    const words = ['a b', '$HOME', "'", '*', ''];
    const [command, ...args] = commandInside(box, [
      'sh',
      '-c',
      'for word; do echo "<$word>"; done; exit 7',
      'sh',
      ...words,
    ]);
    const { stdout, status } = spawnSync(command, args, { encoding: 'utf8' });
    expect([stdout, status]).toEqual([words.map((word) => `<${word}>\n`).join(''), 7]);
  });

  needs.test(group)('a command that is not there ends with 127', async () => {
    await using box = create(name);
    const [command, ...args] = commandInside(box, ['/no/such/command']);
    expect(spawnSync(command, args).status).toBe(127);
  });

  test('where the group cannot be joined nothing is run', () => {
    const [command, ...args] = commandInside({ directories: ['/no/such/group'] }, ['echo', 'it ran']);
    const { stdout, status } = spawnSync(command, args, { encoding: 'utf8' });
    expect([stdout, status]).toEqual(['', 125]);
  });
});
