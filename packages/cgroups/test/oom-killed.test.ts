import { expect, test } from '@jest/globals';
import { oomKilled } from '../src/index.ts';

test.each([
  ['version 1', ['0\n', 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n'], true],
  ['version 2', ['low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 0\n'], true],
  ['nobody was ended', ['oom 3\noom_kill 0\noom_group_kill 1\n', 'oom_kill_disable 1\n', ''], false],
])('%s', (_, texts, is) => {
  expect(oomKilled(texts)).toBe(is);
});
