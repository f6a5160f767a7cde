import {
  type Arg,
  AT_FDCWD,
  CLONE,
  chdir,
  clone3,
  cloneArgs,
  close,
  execve,
  explain,
  flags,
  MS,
  mkdirat,
  mount,
  output,
  REPORT,
  REPORT_LENGTH,
  renderArg,
  renderStep,
  resultOf,
  write,
} from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';

test.each<[string, Arg, string]>([
  ['a number', 42, '42'],
  ['a negative number', -1, '-1'],
  ['a large number', 2n ** 40n, '1099511627776'],
  ['the working directory', AT_FDCWD, 'AT_FDCWD'],
  ['a null pointer', null, 'NULL'],
  ['a path', '/tmp', '"/tmp"'],
  ['a text with a line break', 'a\n"b"', '"a\\n\\"b\\""'],
  ['bytes', new Uint8Array(5), '5 bytes'],
  ['flags', flags(MS, 'MS_BIND', 'MS_REC'), 'MS_BIND|MS_REC'],
  ['a structure', cloneArgs({ flags: flags(CLONE, 'CLONE_NEWUTS') }), '{flags: CLONE_NEWUTS}'],
  ['an earlier result', resultOf('rootfs'), '<rootfs>'],
  ['an output', output('cwd', 4096), '&cwd'],
  ['the report', REPORT, '&report'],
  ['its length', REPORT_LENGTH, 'sizeof report'],
])('%s is shown readably', (_, arg, shown) => {
  expect(renderArg(arg)).toBe(shown);
});

describe('a step is shown as a call', () => {
  test('with its arguments in the order of the kernel', () => {
    expect(
      renderStep(mount({ source: 'proc', target: '/proc', type: 'proc', flags: flags(MS, 'MS_NOSUID') }, 'a')),
    ).toBe('mount("proc", "/proc", "proc", MS_NOSUID, NULL)');
  });

  test('with the name of its result', () => {
    expect(renderStep(clone3({ flags: 0 }, { why: 'a', result: 'child' }))).toBe('clone3({flags: 0}, 88) -> <child>');
  });

  test('with the text it writes', () => {
    expect(renderStep(write({ fd: resultOf('file'), data: '20\n' }, 'a'))).toBe('write(<file>, "20\\n", 3)');
  });

  test('with the words of the program it starts', () => {
    expect(renderStep(execve({ path: '/bin/ls', argv: ['ls', '-l'], env: ['A=b'] }, 'a'))).toBe(
      'execve("/bin/ls", ["ls", "-l"], ["A=b"])',
    );
  });
});

describe('a program is explained', () => {
  const program = {
    steps: [mkdirat({ path: '/new' }, { why: 'make a directory', result: 'made' }), chdir('/new', 'stand in it')],
    finally: [close(5, 'tidy up')],
  };

  test('step by step, the last ones marked as those of the end', () => {
    expect(explain(program)).toEqual([
      {
        number: 1,
        why: 'make a directory',
        syscall: 'mkdirat',
        call: 'mkdirat(AT_FDCWD, "/new", 0755) -> <made>',
      },
      { number: 2, why: 'stand in it', syscall: 'chdir', call: 'chdir("/new")' },
      { number: 3, why: 'tidy up', syscall: 'close', call: 'close(5)', atTheEnd: true },
    ]);
  });

  test('from any number on, so that several programs are one list', () => {
    expect(explain(program, 10).map(({ number }) => number)).toEqual([10, 11, 12]);
  });

  test('as nothing when it has no steps', () => {
    expect(explain({ steps: [] })).toEqual([]);
  });
});
