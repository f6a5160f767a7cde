import { parseArgs } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasSwitch, parseArguments, parseOptions } from '../src/arguments.ts';
import { COMMON_OPTIONS, CONTAINER_OPTIONS, renderOptions } from '../src/option-table.ts';

const parse = (...args: string[]): ReturnType<typeof parseArguments> => parseArguments(args, CONTAINER_OPTIONS);

describe('parseArguments', () => {
  test('options end at the first word; what follows belongs to the program', () => {
    const { options, words } = parse('-it', '--name', 'box', 'sh', '-c', 'ls --name', '--init');
    expect(words).toEqual(['sh', '-c', 'ls --name', '--init']);
    expect(options.text('name')).toBe('box');
    expect(options.has('interactive')).toBe(true);
    expect(options.has('init')).toBe(false);
  });

  test('-- ends the options too, and is not part of the program', () => {
    expect(parse('--rm', '--', '-weird', 'x').words).toEqual(['-weird', 'x']);
  });

  test.each([['-m', '64m'], ['-m64m'], ['--memory', '64m'], ['--memory=64m']])('%s is understood', (...args) => {
    const { options, words } = parse(...args, 'true');
    expect(options.text('memory')).toBe('64m');
    expect(words).toEqual(['true']);
  });

  test('an option may be given many times where that has a meaning', () => {
    expect(parse('-e', 'A=1', '--env', 'B=2', 'true').options.list('env')).toEqual(['A=1', 'B=2']);
  });

  test('an unknown option is named, and the one that was meant', () => {
    expect(() => parse('--memroy', '1g', 'true')).toThrow(
      expect.objectContaining({ message: 'there is no option --memroy', hint: 'did you mean --memory?' }),
    );
    expect(() => parse('--xyzzy', 'true')).toThrow(expect.objectContaining({ hint: 'see coracle COMMAND --help' }));
  });

  test('a single letter that is no option is not taken for any other', () => {
    expect(() => parse('-d', 'true')).toThrow(
      expect.objectContaining({ message: 'there is no option -d', hint: 'see coracle COMMAND --help' }),
    );
  });

  test.each([['--pids-limit', '-1'], ['--pids-limit=-1'], ['--rm', '--pids-limit', '-1', '-i']])(
    'a number below zero is the value of the option before it: %s %s',
    (...args) => {
      const { options, words } = parse(...args, 'true', '-1');
      expect(options.text('pids-limit')).toBe('-1');
      expect(words).toEqual(['true', '-1']);
    },
  );

  test('an option where a value is missing is told in one line', () => {
    expect(() => parse('--memory', '--init', 'true')).toThrow(/^--memory needs a value, and an option follows$/);
    expect(() => parse('-im', '-x', 'true')).toThrow(/^-m needs a value, and an option follows$/);
  });

  test('a missing value is named', () => {
    expect(() => parse('--name')).toThrow('--name needs a value');
  });

  test('a value too many is named', () => {
    expect(() => parse('--init=yes', 'true')).toThrow('--init takes no value');
  });

  test('command lines are split as util.parseArgs splits them', () => {
    const options = Object.fromEntries(
      CONTAINER_OPTIONS.map(({ long, short, value, many = false }) => [
        long,
        { type: value ? ('string' as const) : ('boolean' as const), multiple: many, ...(short ? { short } : {}) },
      ]),
    );
    const names = CONTAINER_OPTIONS.flatMap(({ long, short = 'q' }) => [`--${long}`, `--${long}=a=b`, `-${short}`]);
    const letters = CONTAINER_OPTIONS.flatMap(({ short = 'i' }) => short);
    const group = fc
      .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 4 })
      .map((all) => `-${all.join('')}`);
    const word = fc.oneof(fc.constantFrom(...names), group, fc.constantFrom('a', '-', '--', '-1', '=', ''));
    let compared = 0;
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (args) => {
        let parsed: ReturnType<typeof parse>;
        try {
          parsed = parse(...args);
        } catch {
          return; // it is stricter
        }
        compared++;
        const { words } = parsed;
        const own = args.slice(0, args.length - words.length);
        const { values } = parseArgs({ args: own.at(-1) === '--' ? own.slice(0, -1) : own, options, strict: false });
        expect(parsed.options.values).toEqual({ ...values });
      }),
      { numRuns: 2000 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  test('the words of the program come through untouched, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (args) => {
        expect(parse('--rm', 'prog', ...args).words).toEqual(['prog', ...args]);
      }),
    );
  });
});

describe('hasSwitch', () => {
  test.each([
    [['--memory', '12parsecs', '--init', 'true'], true],
    [['--foo', '-im12', '--init'], true],
    [['--rm', 'sh', '--init'], false],
    [['--name=--init', 'true'], false],
    [['--', '--init'], false],
  ])('%p holds --init: %p', (args, expected) => {
    expect(hasSwitch(args, CONTAINER_OPTIONS, 'init')).toBe(expected);
  });
});

describe('the help', () => {
  test('names every option once, with its value', () => {
    const help = renderOptions(CONTAINER_OPTIONS);
    for (const { long } of CONTAINER_OPTIONS)
      expect(help.match(new RegExp(`--${long}\\b(?!-)`, 'g'))?.length).toBeGreaterThanOrEqual(1);
    expect(help).toContain('-m, --memory SIZE');
  });
});

describe('a command that takes no words', () => {
  test.each(['version', 'help', 'doctor'])('coracle %s refuses a word, and names it', (command) => {
    expect(() => parseOptions(command, ['--json', 'extra', '--help'], COMMON_OPTIONS)).toThrow(
      expect.objectContaining({
        message: `coracle ${command} takes no words, but there is "extra"`,
        hint: expect.stringContaining('coracle COMMAND --help'),
      }),
    );
  });

  test('has its options', () => {
    expect(parseOptions('version', ['--json'], COMMON_OPTIONS).has('json')).toBe(true);
    expect(() => parseOptions('version', ['--jsno'], COMMON_OPTIONS)).toThrow('there is no option --jsno');
  });
});
