import type { Remark } from '@coracle/oci-spec';
import { parseConfig, validateConfig } from '@coracle/oci-spec/validate';
import { describe, expect, test } from '@jest/globals';
import { everything } from './everything.ts';
import { type Keys, pathOf, withPart } from './tree.ts';

function remarksOn(value: unknown): Remark[] {
  const remarks: Remark[] = [];
  validateConfig(value, { onRemark: (remark) => remarks.push(remark) });
  return remarks;
}

describe('a field that is nearly one of the specification', () => {
  test.each<[misspelt: string, meant: string, holder: Keys]>([
    ['hostName', 'hostname', []],
    ['mount', 'mounts', []],
    ['agrs', 'args', ['process']],
    ['no_new_privileges', 'noNewPrivileges', ['process']],
    ['additionalGIDs', 'additionalGids', ['process', 'user']],
    ['memroy', 'memory', ['linux', 'resources']],
    ['timeouts', 'timeout', ['hooks', 'poststop', 0]],
    ['errnoRed', 'errnoRet', ['linux', 'seccomp', 'syscalls', 0]],
  ])('%s is ignored with a remark that names %s', (misspelt, meant, holder) => {
    const keys = [...holder, misspelt];
    const text = `is not a field of the specification and is ignored; did you mean '${meant}'?`;
    expect(remarksOn(withPart(everything, keys, 1))).toEqual([{ path: pathOf(keys), text, meant }]);
  });

  test.each(['x-note', 'commandLine', 'op', 'labels', 'runtime'])('%s is near none and passes in silence', (name) => {
    expect(remarksOn({ ...everything, [name]: 1 })).toEqual([]);
  });

  test('names that are data are never misspelt', () => {
    expect(remarksOn({ ...everything, annotations: { anotations: 'x', Root: 'y' } })).toEqual([]);
  });

  test('is the hint of an error, which it may explain', () => {
    const config = { ociVersion: '1.3.0', Root: { path: 'rootfs' } };
    expect(() => validateConfig(config)).toThrow(
      expect.objectContaining({
        message: 'invalid configuration: $.root must be an object, found nothing',
        hint: "$.Root is not a field of the specification and is ignored; did you mean 'root'?",
      }),
    );
  });
});

test('a word that is nearly an allowed one is the hint of the error', () => {
  const config = withPart(everything, ['process', 'rlimits', 0, 'type'], 'RLIMIT_NOFILES');
  expect(() => validateConfig(config)).toThrow(expect.objectContaining({ hint: "did you mean 'RLIMIT_NOFILE'?" }));
});

test('an error with nothing misspelt has no hint', () => {
  expect(() => validateConfig({ ociVersion: '1.3.0' })).toThrow(expect.objectContaining({ hint: undefined }));
});

test.each(['windows', 'vm', 'solaris', 'zos', 'freebsd'])('the part for %s is ignored with a remark', (name) => {
  const path = `$.${name}`;
  const config = { ...everything, [name]: { whatever: [null] } };
  expect(remarksOn(config)).toEqual([{ path, text: 'is for another system and is ignored' }]);
});

test('a relative destination is remarked upon', () => {
  const text = "is taken as '/data'; relative paths are deprecated";
  expect(remarksOn(withPart(everything, ['mounts', 0, 'destination'], 'data'))).toEqual([
    { path: '$.mounts[0].destination', text },
  ]);
});

test.each([
  ['1.4.0', 1],
  ['2.0.0-rc.1', 1],
  ['1.3.9', 0],
  ['1.0.2-dev', 0],
])('version %s gives %d remarks', (ociVersion, count) => {
  expect(remarksOn({ ...everything, ociVersion })).toHaveLength(count);
});

test('remarks are told of valid configurations only, and nobody has to listen', () => {
  const remarks: Remark[] = [];
  const onRemark = (remark: Remark): void => void remarks.push(remark);
  expect(() => validateConfig({ hostName: 'x' }, { onRemark })).toThrow('$.ociVersion');
  expect(remarks).toEqual([]);
  expect(parseConfig(JSON.stringify({ ...everything, vm: {} }))).toHaveProperty('vm');
});

test('letters of a rule for devices that are no access', () => {
  const keys = ['linux', 'resources', 'devices', 0, 'access'];
  expect(remarksOn(withPart(everything, keys, 'rwa'))).toEqual([
    { path: pathOf(keys), text: "has 'a' in it, which is no access and is ignored" },
  ]);
  expect(remarksOn(withPart(everything, keys, 'rm'))).toEqual([]);
});
