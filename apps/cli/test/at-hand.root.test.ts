import { type CommandCopy, copyCommand, findLeftovers, needs, PLAIN_USER, withoutRest } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const OPTIONS = [
  [],
  ['-q'],
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

needs.describe(needs.root)('a start', () => {
  let command: CommandCopy;
  let before: ReturnType<typeof findLeftovers>;
  beforeAll(() => {
    before = findLeftovers();
    command = copyCommand();
    withoutRest(command.path);
  });
  afterAll(() => {
    command[Symbol.dispose]();
    expect(findLeftovers()).toEqual(before);
  });

  test.each(OPTIONS.map((options) => [options.join(' ') || 'no options', options] as const))(
    'with %s has all of the program that it runs at hand',
    (_, options) => {
      expect(command.run(['run', ...options, 'true'])).toMatchObject({ stderr: '', status: 0 });
    },
  );

  test('by an ordinary user has it too', () => {
    const { stderr, status } = command.run(['run', 'true'], { uid: PLAIN_USER });
    expect(stderr).not.toContain('nothing was to call for it');
    expect(status).toBe(0);
  });

  test('with something else is told of here', () => {
    expect(command.run(['doctor']).stderr).toContain('nothing was to call for it');
  });
});
