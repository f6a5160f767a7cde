import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatMount, type MountSpec, parseMount, parseTmpfs, parseVolume } from '../../src/index.ts';

/** What a parser refuses a text with. */
function refusal(parse: (text: string) => unknown, text: string): { message: string; hint: string | undefined } {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    expect({ name: error.name, code: Reflect.get(error, 'code') }).toEqual({
      name: 'OptionError',
      code: 'ERR_CORACLE_OPTION',
    });
    return { message: error.message, hint: Reflect.get(error, 'hint') };
  }
  throw new Error(`${text} was not refused`);
}

/** Any text either gives something or is refused as an option. */
function isParsedOrRefused(parse: (text: string) => unknown, text: string): void {
  try {
    parse(text);
  } catch (error) {
    if (Reflect.get(Object(error), 'name') !== 'OptionError') throw error;
  }
}

describe('--volume', () => {
  test.each([
    ['/a:/b', {}],
    ['/a:/b:ro', { readOnly: true }],
    ['/a:/b:rw', { readOnly: false }],
    ['/a:/b:ro,rslave', { readOnly: true, propagation: 'rslave' }],
    ['/a:/b:shared', { propagation: 'shared' }],
    ['/a:/b:z', { relabel: 'shared' }],
    ['/a:/b:Z,nocopy,ro', { relabel: 'private', readOnly: true }],
    ['/a:/b:cached', {}],
    ['/a:/b:dev,noexec,nosuid', { dev: true, exec: false, suid: false }],
    ['/a:/b:nodev,exec,suid', { dev: false, exec: true, suid: true }],
    ['/a:/b:bind', { recursive: 'disabled' }],
    ['/a:/b:U', { chown: true }],
    ['/a:/b:idmap,ro', { idmap: true, readOnly: true }],
    ['/a:/b:rbind,ro', { recursive: 'enabled', readOnly: true }],
  ])('%s', (text, attributes) => {
    expect(parseVolume(text)).toEqual({ source: '/a', target: '/b', ...attributes });
  });

  test.each([
    ['/a', 'not SRC:DST', 'write --volume'],
    ['', 'not SRC:DST', 'write --volume'],
    [':/b', 'not SRC:DST', 'write --volume'],
    ['/a:', 'not SRC:DST', 'write --volume'],
    ['data:/b', "'data' is no path: named volumes do not exist yet", 'write ./data'],
    ['/a:/b:ro:/c', 'too many colons', 'write --mount type=bind,source=PATH'],
    ['/a:/b:', "there is no option ''", 'there are ro, rw'],
    ['/a:/b:rslav', "there is no option 'rslav'", 'did you mean rslave? there are ro, rw'],
    ['/a:/b:ro,rw', "'ro' and 'rw' are about the same", 'write one'],
    ['/a:/b:z,Z', "'z' and 'Z' are about the same", 'write one'],
    ['/a:/b:ro,ro', "'ro' and 'ro' are about the same", 'write one'],
    ['/a:/b:shared,rslave', "'shared' and 'rslave' are about the same", 'write one'],
    ['/a:/b:idmap=uids=0-1-10', "there is no option 'idmap=uids=0-1-10'", 'idmap, U, z, Z, private'],
    ['/a:/b:O', "'O' cannot be had", ':ro'],
  ])('%p is refused: %s', (text, reason, hint) => {
    const refused = refusal(parseVolume, text);
    expect(refused.message).toContain(`--volume ${text}: `);
    expect(refused.message).toContain(reason);
    expect(refused.hint).toContain(hint);
  });

  test('any text gives a volume or is refused', () => {
    const word = fc.constantFrom('/a', './b', '', 'ro', 'rw', 'z', 'U', 'shared', 'x', ',', ':', '\0', '__proto__');
    const texts = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join(':')),
      fc.array(word).map(String),
    );
    fc.assert(fc.property(texts, (text) => isParsedOrRefused(parseVolume, text)));
  });
});

describe('--tmpfs', () => {
  test.each([
    ['/t', { target: '/t' }],
    ['/t:', { target: '/t', options: [] }],
    ['/t:size=64m,mode=1777', { target: '/t', options: ['size=64m', 'mode=1777'] }],
    ['/t:rw,exec,size=10%', { target: '/t', options: ['rw', 'exec', 'size=10%'] }],
    ['/t:noswap,uid=1000,huge=never', { target: '/t', options: ['noswap', 'uid=1000', 'huge=never'] }],
  ])('%s', (text, tmpfs) => {
    expect(parseTmpfs(text)).toEqual(tmpfs);
  });

  test.each([
    ['', 'no directory is named', 'write --tmpfs'],
    [':size=1m', 'no directory is named', 'write --tmpfs'],
    ['/t:sise=1m', "a tmpfs has no option 'sise'", 'did you mean size?'],
    ['/t:size=big', 'a tmpfs cannot have size=big', 'size=64m'],
    ['/t:size', 'a tmpfs cannot have size=', 'size=64m'],
    ['/t:mode=999', 'a tmpfs cannot have mode=999', 'mode=1777'],
    ['/t:noswap=1', "'noswap' of a tmpfs takes no value", 'write noswap alone'],
    ['/t:rbind', "'rbind' is for volumes", 'leave it out'],
    ['/t:idmap', "'idmap' is for volumes", 'leave it out'],
  ])('%p is refused: %s', (text, reason, hint) => {
    const refused = refusal(parseTmpfs, text);
    expect(refused.message).toContain(reason);
    expect(refused.hint).toContain(hint);
  });

  test('any text gives a tmpfs or is refused', () => {
    const word = fc.constantFrom('/t', ':', ',', '=', 'size', 'mode', '1', 'ro', 'bind', 'constructor', '%');
    const texts = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join('')),
    );
    fc.assert(fc.property(texts, (text) => isParsedOrRefused(parseTmpfs, text)));
  });
});

describe('--mount', () => {
  const bind = (attributes: object): object => ({ type: 'bind', source: '/a', target: '/b', ...attributes });

  test.each([
    ['type=bind,source=/a,target=/b', bind({})],
    ['type=bind,src=/a,dst=/b', bind({})],
    ['TYPE=bind,Source=/a,destination=/b', bind({})],
    ['type=bind,src=/a,dst=/b,readonly', bind({ readOnly: true })],
    ['type=bind,src=/a,dst=/b,ro=1', bind({ readOnly: true })],
    ['type=bind,src=/a,dst=/b,ro=False', bind({ readOnly: false })],
    ['type=bind,src=/a,dst=/b,rw', bind({ readOnly: false })],
    ['type=bind,src=/a,dst=/b,rw=false', bind({ readOnly: true })],
    ['type=bind,src=/a,dst=/b,bind-propagation=rslave', bind({ propagation: 'rslave' })],
    ['type=bind,src=/a,dst=/b,bind-recursive=writable,ro', bind({ recursive: 'writable', readOnly: true })],
    ['type=bind,src=/a,dst=/b,bind-nonrecursive', bind({ recursive: 'disabled' })],
    ['type=bind,src=/a,dst=/b,bind-nonrecursive=false', bind({ recursive: 'enabled' })],
    ['type=bind,src=/a,dst=/b,dev,noexec,suid=false', bind({ dev: true, exec: false, suid: false })],
    ['type=bind,src=/a,dst=/b,relabel=shared', bind({ relabel: 'shared' })],
    ['type=bind,src=/a,dst=/b,consistency=cached', bind({})],
    ['type=bind,"source=/a,b",target=/b', bind({ source: '/a,b' })],
    ['type=bind,"source=/a""b",target=/b', bind({ source: '/a"b' })],
    ['type=bind,source=/a=c:d,target=/b', bind({ source: '/a=c:d' })],
    ['type=bind,source=data,target=/b', bind({ source: 'data' })],
    ['type=tmpfs,target=/t', { type: 'tmpfs', target: '/t' }],
    ['TYPE=BIND,Source=/a,target=/b', bind({})],
    [
      'type=tmpfs,dst=/t,tmpfs-size=64m,tmpfs-mode=1770,ro,exec',
      { type: 'tmpfs', target: '/t', options: ['ro', 'exec', 'size=67108864', 'mode=1770'] },
    ],
  ])('%s', (text, mount) => {
    expect(parseMount(text)).toEqual(mount);
  });

  const BIND = 'type=bind,src=/a,dst=/b';

  test.each([
    ['', 'a field is empty', 'there are type, source'],
    [`${BIND},`, 'a field is empty', 'there are type'],
    [`${BIND},readonyl`, "there is no key 'readonyl'", 'did you mean readonly?'],
    [`${BIND},sice=1`, "there is no key 'sice'", 'there are type, source, src, target'],
    [`${BIND},dst=/c`, 'dst and dst are about the same', 'write one'],
    [`${BIND},target=/c`, 'dst and target are about the same', 'write one'],
    [`${BIND},ro,rw`, 'ro and rw are about the same', 'write one'],
    [`${BIND},ro=maybe`, 'ro=maybe is neither true nor false', 'ro=true'],
    [`${BIND},ro=`, 'ro= is neither true nor false', 'ro=true'],
    ['type=bind,src=/a', 'no target is named', 'target='],
    ['type=bind,src=/a,dst=', 'no target is named', 'target='],
    ['type=bind,dst=/b', 'no source is named', 'type=bind,source='],
    ['type=bind,src,dst=/b', 'src has no value', 'write src=...'],
    ['src=/a,dst=/b', 'no type is named', 'type=bind'],
    ['type=binds,src=/a,dst=/b', "there is no type 'binds'", 'did you mean bind? there are bind, tmpfs'],
    ['type=image,src=alpine,dst=/b', 'type=image cannot be had', 'type=bind with a directory'],
    [`${BIND},bind-create-src`, "'bind-create-src' cannot be had", 'mkdir -p'],
    [`${BIND},image-subpath=etc`, "'image-subpath' cannot be had", 'a directory of the host'],
    [`${BIND},Z`, "'z' cannot be had", 'relabel=shared, or relabel=private'],
    ['type=volume,src=data,dst=/b', 'do not exist yet', 'type=bind,source='],
    ['src=data,dst=/b', 'do not exist yet', 'type=bind,source='],
    ['dst=/b,volume-nocopy', 'do not exist yet', 'type=tmpfs'],
    [`${BIND},volume-nocopy`, 'volume-nocopy does not go with type=bind', 'there are type, target'],
    [`${BIND},tmpfs-size=1m`, 'tmpfs-size does not go with type=bind', 'bind-propagation'],
    ['type=tmpfs,dst=/t,src=/a', 'src does not go with type=tmpfs', 'tmpfs-size'],
    ['type=tmpfs,dst=/t,tmpfs-size=12parsecs', "tmpfs-size cannot be '12parsecs'", 'tmpfs-size=64m'],
    ['type=tmpfs,dst=/t,tmpfs-mode=rwx', "tmpfs-mode cannot be 'rwx'", 'tmpfs-mode=1777'],
    [`${BIND},bind-propagation=slaves`, "bind-propagation cannot be 'slaves'", 'did you mean slave? there are private'],
    [`${BIND},relabel=z`, "relabel cannot be 'z'", 'shared, private'],
    [`${BIND},bind-recursive=no`, "bind-recursive cannot be 'no'", 'enabled, disabled, writable, readonly'],
    [`${BIND},bind-recursive=enabled,bind-nonrecursive`, 'are about the same', 'bind-recursive=disabled alone'],
    ['type=bind,"src=/a,dst=/b', 'a quote is not closed', '"source=/a,b"'],
    ['type=bind,src="/a",dst=/b', 'a quote stands in the middle of src="/a"', '"source=/a,b"'],
    ['type=bind,"src=/a"x,dst=/b', 'something stands behind the quote', '"source=/a,b"'],
  ])('%p is refused: %s', (text, reason, hint) => {
    const refused = refusal(parseMount, text);
    expect(refused.message).toContain(`--mount ${text}: `);
    expect(refused.message).toContain(reason);
    expect(refused.hint).toContain(hint);
  });

  test('any text gives a mount or is refused', () => {
    const key = fc.constantFrom(
      'type',
      'src',
      'dst',
      'ro',
      'tmpfs-size',
      'bind-recursive',
      '__proto__',
      'volume-opt',
      '',
    );
    const value = fc.oneof(fc.constantFrom('bind', 'tmpfs', 'volume', '/a', '1', 'readonly', '"', ''), fc.string());
    const field = fc.oneof(
      key,
      fc.tuple(key, value).map((pair) => pair.join('=')),
      fc.string(),
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(field).map((fields) => fields.join(',')),
    );
    fc.assert(
      fc.property(texts, (text) => isParsedOrRefused(parseMount, text)),
      { numRuns: 500 },
    );
  });

  test('what is printed is read back', () => {
    const path = fc.string({ minLength: 1 });
    const volume = fc.record(
      {
        type: fc.constant('bind' as const),
        source: path,
        target: path,
        readOnly: fc.boolean(),
        recursive: fc.constantFrom('enabled' as const, 'disabled', 'writable', 'readonly'),
        propagation: fc.constantFrom('private' as const, 'rprivate', 'slave', 'rslave', 'shared', 'rshared'),
        dev: fc.boolean(),
        exec: fc.boolean(),
        suid: fc.boolean(),
        relabel: fc.constantFrom('shared' as const, 'private'),
      },
      { requiredKeys: ['type', 'source', 'target'] },
    );
    const tmpfs = fc
      .tuple(path, fc.subarray(['ro', 'nodev', 'exec', 'nosuid', 'size=4096', 'mode=700']), fc.boolean())
      .map(([target, options, hasOptions]) =>
        hasOptions && options.length > 0
          ? { type: 'tmpfs' as const, target, options }
          : { type: 'tmpfs' as const, target },
      );
    fc.assert(
      fc.property(fc.oneof(volume, tmpfs), (mount) => {
        const spec: MountSpec = mount;
        expect(parseMount(formatMount(spec))).toEqual(spec);
      }),
    );
  });

  test('options that only --tmpfs has are not printed', () => {
    const refused = refusal(() => formatMount({ type: 'tmpfs', target: '/t', options: ['uid=7'] }), '');
    expect(refused.message).toContain("--mount has no key for 'uid=7'");
    expect(refused.hint).toBe('write --tmpfs /t:uid=7');
  });
});
