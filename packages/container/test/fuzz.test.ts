import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDuration, parseUserNamespace } from '@coracle/container';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { configure } from '../src/config/config.ts';
import { lookUpUser } from '../src/ids/users.ts';
import { withHome } from '../src/oci/home.ts';
import type { ContainerOptions } from '../src/options/options.ts';

const CONTEXT = {
  id: 'c0ffee',
  inUserNamespace: false,
  available: 0n,
  modules: {
    hasApparmor: false,
    ownProfile: undefined,
    hasDefaultProfile: false,
    hasSelinux: false,
    selinuxContexts: { process: '', file: '' },
  },
};

/** What an option may be refused with; anything else is a hole in the checks. */
const REFUSALS = ['OptionError', 'SystemError', 'SyscallError'];

/** What comes out, or `undefined` for what was refused in words. */
function tried<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    expect(REFUSALS).toContain(Reflect.get(Object(error), 'name'));
    return undefined;
  }
}

/** Text as nobody writes it: any, of pieces that mean something, long, and with what ends strings, lines and paths. */
const pieces = (...words: string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...words, '\0', '\n', '/', '..', '=', ':', ',', '🛶', ' ')).map((parts) => parts.join('')),
    fc.constantFrom('x'.repeat(300), 'x/'.repeat(3000), `${'9'.repeat(400)}`, '-1', '0x10', '1e3', '\ud800'),
  );

describe('user files that nobody made by hand', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'fuzz-'));
    mkdirSync(join(root, 'etc'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const field = fc.oneof(pieces('alice', '0', '1000', '4294967295', 'x'), fc.nat().map(String));
  const line = fc.oneof(
    field,
    fc.array(field, { minLength: 3, maxLength: 8 }).map((fields) => fields.join(':')),
  );
  const file = fc.oneof(
    fc.array(line).map((lines) => Buffer.from(lines.join('\n'))),
    fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  );

  test('give ids that the kernel takes and a home that a variable can hold, or are refused', () => {
    const isId = (id: number): boolean => Number.isInteger(id) && id >= 0 && id < 2 ** 32 - 1;
    fc.assert(
      fc.property(file, file, pieces('alice', '1000', 'root', '4294967294'), (passwd, group, user) => {
        writeFileSync(join(root, 'etc/passwd'), passwd);
        writeFileSync(join(root, 'etc/group'), group);
        const ids = tried(() => lookUpUser(user, root));
        if (!ids) return;
        expect([ids.uid, ids.gid, ...ids.additionalGids].filter((id) => !isId(id))).toEqual([]);
        expect(ids.home).not.toContain('\0');
      }),
      { numRuns: 500 },
    );
  });

  test('give a config.json a home that a variable can hold, or are refused', () => {
    fc.assert(
      fc.property(file, fc.constantFrom(0, 1000, 1), (passwd, uid) => {
        writeFileSync(join(root, 'etc/passwd'), passwd);
        for (const variable of tried(() => withHome([], { root, uid })) ?? []) expect(variable).not.toContain('\0');
      }),
      { numRuns: 300 },
    );
  });
});

describe('options of any text', () => {
  const words: Record<string, fc.Arbitrary<Partial<ContainerOptions>>> = {
    user: pieces('root', '0', '1000').map((user) => ({ user })),
    name: pieces('box', '.', '-').map((name) => ({ name })),
    hostname: pieces('box', '.', '-').map((hostname) => ({ hostname })),
    cwd: pieces('/tmp', 'proc', 'self').map((cwd) => ({ cwd })),
    command: fc.array(pieces('sh', '-c')).map((command) => ({ command })),
    env: fc.dictionary(pieces('HOME', 'A'), pieces('x')).map((env) => ({ env })),
    sysctls: fc
      .dictionary(pieces('net', '.', 'ipv4', 'kernel'), pieces('1', '+kernel.core_pattern'))
      .map((sysctls) => ({ sysctls })),
    rlimits: fc
      .dictionary(pieces('nofile', 'core', 'RLIMIT_'), fc.oneof(fc.double(), fc.constant('max' as const)))
      .map((rlimits) => ({ rlimits })),
    capAdd: fc.array(pieces('CAP_', 'KILL', 'ALL', 'net_raw')).map((capAdd) => ({ capAdd })),
    capDrop: fc.array(pieces('CAP_', 'KILL', 'ALL', 'net_raw')).map((capDrop) => ({ capDrop })),
    deviceRules: fc.array(pieces('c', 'b', 'a', ' ', '1:3', '*:*', 'rwm')).map((deviceRules) => ({ deviceRules })),
    devices: fc
      .array(fc.record({ path: pieces('/dev/', 'null', 'zero'), target: pieces('/x'), access: pieces('r', 'w', 'm') }))
      .map((devices) => ({ devices })),
    volumes: fc
      .array(fc.record({ source: pieces('/tmp', '/etc', 'dev'), target: pieces('/x', 'proc', 'tmp') }))
      .map((volumes) => ({ volumes })),
    tmpfs: fc
      .array(fc.record({ target: pieces('/x', 'proc', 'tmp'), options: fc.array(pieces('size', '1m', 'mode', 'ro')) }))
      .map((tmpfs) => ({ tmpfs })),
    memory: fc.oneof(pieces('1', 'm', '.5', 'g'), fc.double(), fc.bigInt()).map((memory) => ({ limits: { memory } })),
    memoryWithSwap: fc
      .oneof(pieces('1', 'm', '.5', 'g'), fc.double(), fc.bigInt())
      .map((memoryWithSwap) => ({ limits: { memory: '64m', memoryWithSwap } })),
    pids: fc.oneof(fc.double(), fc.constant('max' as const)).map((pids) => ({ limits: { pids } })),
    cpus: fc.oneof(fc.double(), fc.constant('max' as const)).map((cpus) => ({ limits: { cpus } })),
    root: pieces('/tmp', '/proc', 'self', 'fd').map((root) => ({ root })),
    apparmor: pieces('unconfined', 'a').map((apparmor) => ({ security: { apparmor } })),
    selinux: pieces('system_u', 'a', 's0').map((selinuxLabel) => ({ security: { selinuxLabel } })),
    seccomp: fc
      .oneof(
        fc.object(),
        fc.record({ defaultAction: pieces('SCMP_ACT_', 'ALLOW'), syscalls: fc.anything() }),
        fc.record({
          defaultAction: fc.constant('SCMP_ACT_ALLOW'),
          syscalls: fc.array(
            fc.record({
              names: fc.array(fc.oneof(pieces('read'), fc.constantFrom('mount', 'execve'))),
              action: fc.constantFrom('SCMP_ACT_ERRNO', 'SCMP_ACT_NOTIFY', 'SCMP_ACT_LOG'),
              args: fc.array(
                fc.record({
                  index: fc.integer({ min: -1, max: 7 }),
                  value: fc.oneof(fc.nat(), fc.double()),
                  op: fc.constantFrom('SCMP_CMP_EQ', 'SCMP_CMP_MASKED_EQ', 'SCMP_CMP_LT', 'x'),
                }),
              ),
            }),
          ),
        }),
      )
      .map((seccomp) => ({ security: { seccomp } })),
  };

  test.each(Object.entries(words))(
    '%s: a configuration whose texts a system call can carry, or a refusal',
    (_, options) => {
      fc.assert(
        fc.property(options, (given) => {
          const { config } = tried(() => configure({ command: ['true'], ...given }, CONTEXT)) ?? {};
          const { process, hostname, mounts, linux } = config ?? {};
          const texts = [
            ...(process?.args ?? []),
            ...(process?.env ?? []),
            ...(mounts ?? []).flatMap(({ source = '', destination, options = [] }) => [
              source,
              destination,
              ...options,
            ]),
            ...Object.entries(linux?.sysctl ?? {}).flat(),
            ...[hostname ?? '', process?.cwd ?? '', config?.root?.path ?? ''],
          ];
          expect(texts.filter((text) => text.includes('\0'))).toEqual([]);
        }),
        { numRuns: 200 },
      );
    },
  );

  test('a user namespace and a time are understood or refused', () => {
    fc.assert(
      fc.property(pieces('keep-id', 'auto', 'host', 'uid', '1', '99999999999'), (text) => {
        tried(() => parseUserNamespace(text));
      }),
    );
    fc.assert(
      fc.property(pieces('1', 's', 'ms', '.5', 'h'), (text) => {
        const time = tried(() => parseDuration(text));
        if (time !== undefined) expect(time).toBeLessThan(2 ** 31);
      }),
    );
  });
});
