import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseArguments } from '../src/arguments.ts';
import { containerOptions } from '../src/container-options.ts';
import { COMMON_OPTIONS, CONTAINER_OPTIONS } from '../src/option-table.ts';

const ROWS = [...CONTAINER_OPTIONS, ...COMMON_OPTIONS];

/** Names that lead to files: what those hold is another matter. */
const FILES = ['env-file'];

const value = fc.oneof(
  fc.string(),
  fc
    .array(
      fc.constantFrom(
        ...[
          'a',
          '/a',
          '/b',
          ':',
          '=',
          ',',
          '0',
          '1',
          '-1',
          'm',
          'ro',
          'z',
          'type',
          'bind',
          'src',
          'dst',
          'max',
          'seccomp',
        ],
        ...['label', 'c 1:3 rwm', 'ALL', 'net.', '..', '\0', '\n', '🛶', 'keep-id', 'uid', 'x'.repeat(300)],
      ),
    )
    .map((parts) => parts.join('')),
);

test.each(ROWS.filter(({ value, long }) => value !== undefined && !FILES.includes(long)).map(({ long }) => long))(
  '--%s with any value is options of a container, or refused in words',
  (name) => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 3 }), (values) => {
        const words = values.map((text) => `--${name}=${text}`);
        try {
          const { options } = parseArguments([...words, 'true'], ROWS);
          expect(containerOptions(options, ['true'], { env: {} })).toMatchObject({ command: ['true'] });
        } catch (error) {
          expect(Reflect.get(Object(error), 'code')).toMatch(/^ERR_CORACLE_(USAGE|OPTION)$/);
          expect(Reflect.get(Object(error), 'message')).not.toBe('');
        }
      }),
      { numRuns: 200 },
    );
  },
);
