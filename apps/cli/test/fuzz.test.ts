import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseArguments } from '../src/arguments.ts';
import { containerOptions } from '../src/container-options.ts';
import { COMMON_OPTIONS, CONTAINER_OPTIONS } from '../src/option-table.ts';

const ROWS = [...CONTAINER_OPTIONS, ...COMMON_OPTIONS];

/** Names that lead to files: what those hold is tried below. */
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

test('an --env-file with anything in it names variables that can be set, or is refused in words', () => {
  const directory = mkdtempSync(join(tmpdir(), 'fuzz-env-'));
  const file = join(directory, 'env');
  const pieces = fc.constantFrom('A', 'B=', '=', '#', ' ', '\n', '\r\n', '\r', '\0', '\uFEFF', '"', '🛶', '__proto__');
  const content = fc.oneof(
    fc.array(pieces, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
  try {
    fc.assert(
      fc.property(content, (bytes) => {
        writeFileSync(file, bytes);
        try {
          const { options } = parseArguments([`--env-file=${file}`, 'true'], ROWS);
          const { env = {} } = containerOptions(options, ['true'], { env: {} });
          for (const [name, value] of Object.entries(env)) {
            expect(name).toMatch(/^[^=\s\0]+$/);
            expect(value).not.toMatch(/[\n\0]/);
          }
        } catch (error) {
          expect(Reflect.get(Object(error), 'code')).toBe('ERR_CORACLE_USAGE');
        }
      }),
      { numRuns: 200 },
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
