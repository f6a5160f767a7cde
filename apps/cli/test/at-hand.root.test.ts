import { type CommandCopy, copyCommand, needs, PLAIN_USER, withoutRest } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

let command: CommandCopy;
beforeAll(() => {
  command = copyCommand();
  withoutRest(command.path);
});
afterAll(() => command[Symbol.dispose]());

const OPTIONS = [
  [],
  ['-m', '64m', '--cpus', '0.5'],
  ['--memory=64m'],
  ['-v', '/usr:/mnt:ro'],
  ['--mount', 'type=bind,src=/usr,dst=/mnt'],
  ['--tmpfs', '/media', '--read-only'],
  ['-u', '1000'],
  ['--network', 'host'],
  ['--userns', 'auto'],
  ['--rootfs', '/', '-e', 'A=1', '-w', '/usr'],
  ['--cap-drop', 'ALL', '--timeout', '1m', '--init'],
  ['-it'],
];

test.each(OPTIONS.map((options) => [options.join(' ') || 'no options', options] as const))(
  'a start with %s has all of the program that it runs at hand',
  (_, options) => {
    if (!needs.root.met) return;
    expect(command.run(['run', '-q', ...options, 'true'])).toMatchObject({ stderr: '', status: 0 });
  },
);

test('and so has that of an ordinary user', () => {
  if (!needs.root.met) return;
  expect(command.run(['run', '-q', 'true'], { uid: PLAIN_USER })).toMatchObject({ stderr: '', status: 0 });
});

test('what is not at hand is missed here', () => {
  expect(command.run(['doctor']).stderr).toContain('nothing was to call for it');
});
