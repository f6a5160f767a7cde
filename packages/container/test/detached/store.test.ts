import {
  chmodSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '@coracle/errors';
import { closeFd } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { checkId } from '../../src/detached/container-id.ts';
import { isDoorOpen, knock, openDoor } from '../../src/detached/door.ts';
import { list } from '../../src/detached/list.ts';
import { preservedDescriptors } from '../../src/detached/preserved-descriptors.ts';
import type { ContainerRecord } from '../../src/detached/record.ts';
import { stateOf } from '../../src/detached/record.ts';
import { remove } from '../../src/detached/remove.ts';
import { find } from '../../src/detached/status.ts';
import { type Held, Store, writeWhole } from '../../src/detached/store.ts';
import { identityOf, isProcessAlive } from '../../src/process-identity.ts';

let root: string;
let store: Store;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-store-'));
  store = new Store(join(root, 'containers'));
});
afterEach(() => rmSync(root, { recursive: true }));

const record = (more: Partial<ContainerRecord> = {}): ContainerRecord => ({
  id: 'box',
  bundle: '/bundle',
  config: { ociVersion: '1.3.0', root: { path: 'rootfs' } },
  rootfs: '/bundle/rootfs',
  created: '2026-11-26T00:00:00.000Z',
  owner: 0,
  stage: 'created',
  cgroups: [],
  doors: [],
  notifies: false,
  ...more,
});

async function codeOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return 'nothing thrown';
  } catch (error) {
    return Reflect.get(Object(error), 'code');
  }
}

test('its directory is made with all above it, and where none can be made that is an error', async () => {
  const deep = new Store(join(root, 'one/two/three'));
  deep.remove(await deep.claim('box'));
  expect(readdirSync(join(root, 'one/two'))).toEqual(['three']);
  expect(await codeOf(() => new Store('/proc/nothing/below').claim('box'))).toBe('ENOENT');
});

test('an id is the name of a directory, and nothing that leads out of it', () => {
  for (const id of ['box', 'b_x+1.2-3', '.hidden', '0']) checkId(id);
  for (const id of ['', '.', '..', 'a/b', 'a b', 'é', 'a~1', 'x'.repeat(256)])
    expect(() => checkId(id)).toThrow('EINVAL');
});

test('an id that a killed create has taken is told from one of a container, and from one at work', async () => {
  const hintOf = async (): Promise<unknown> => {
    try {
      await store.claim('box');
      return 'claimed';
    } catch (error) {
      return [isErrno(error, 'EEXIST'), /killed/.test(String(error)), Reflect.get(Object(error), 'hint')];
    }
  };
  const held = await store.claim('box');
  expect(await hintOf()).toEqual([true, false, 'choose another id, or remove it first: delete --force box']);
  held[Symbol.dispose]();
  expect(await hintOf()).toEqual([true, true, 'remove what is left: delete --force box']);
  for (const stage of ['creating', 'created'] as const) {
    {
      using again = await store.hold('box');
      store.write(again, record({ stage }));
    }
    expect(await hintOf()).toEqual([true, stage === 'creating', expect.stringContaining('delete --force box')]);
  }
});

test('an id can be claimed once, until it is removed', async () => {
  {
    using held = await store.claim('box');
    expect(await codeOf(() => store.claim('box'))).toBe('EEXIST');
    store.write(held, record());
    expect(store.read('box')).toEqual(record());
    expect(store.ids()).toEqual(['box']);
    store.remove(held);
  }
  expect(store.ids()).toEqual([]);
  expect(readdirSync(store.root)).toEqual([]);
  expect(await codeOf(() => store.read('box'))).toBe('ENOENT');
  (await store.claim('box'))[Symbol.dispose]();
});

test('what somebody has put into the directory of a container goes with it', async () => {
  using held = await store.claim('box');
  mkdirSync(join(held.directory, 'more/below'), { recursive: true });
  store.remove(held);
  expect(readdirSync(store.root)).toEqual([]);
});

test('says whether there is a directory for containers', async () => {
  expect(store.isThere()).toBe(false);
  (await store.claim('box'))[Symbol.dispose]();
  expect(store.isThere()).toBe(true);
});

test('a directory that another takes before it is locked is claimed anew, or is his', async () => {
  /** Another command comes first when the lock is taken for the first time. */
  class Raced extends Store {
    readonly #other: (held: Held) => void;
    #isFirst = true;
    constructor(other: (held: Held) => void) {
      super(store.root);
      this.#other = other;
    }
    override async hold(id: string): Promise<Held> {
      if (this.#isFirst) {
        this.#isFirst = false;
        using held = await super.hold(id);
        this.#other(held);
      }
      return super.hold(id);
    }
  }
  {
    using _ = await new Raced((held) => store.remove(held)).claim('box');
    expect(store.ids()).toEqual(['box']);
    expect(store.isHeld('box')).toBe(true);
  }
  using held = await store.hold('box');
  store.remove(held);
  expect(await codeOf(() => new Raced((other) => store.write(other, record())).claim('box'))).toBe('EEXIST');
  expect(store.isHeld('box')).toBe(false);
  expect(store.read('box')).toEqual(record());
});

test('who waits for a container that is removed meanwhile is told that it is gone', async () => {
  const held = await store.claim('box');
  const waiting = codeOf(() => store.hold('box'));
  store.remove(held);
  held[Symbol.dispose]();
  expect(await waiting).toBe('ENOENT');
});

test('who waits too long is told so, and that somebody works on it can be seen', async () => {
  using _ = await store.claim('box');
  expect(store.isHeld('box')).toBe(true);
  expect(await codeOf(() => store.hold('box', { patienceMs: 20 }))).toBe('EBUSY');
  expect(store.isHeld('other')).toBe(false);
});

test('what a removal that was killed has left goes with the next of the same id', async () => {
  using held = await store.claim('box');
  mkdirSync(join(store.root, 'box~1'));
  writeFileSync(join(store.root, 'box~1', 'state.json'), '{}');
  expect(store.ids()).toEqual(['box']);
  store.remove(held);
  expect(readdirSync(store.root)).toEqual([]);
});

test('a file is written whole, over one that is there', () => {
  const path = join(root, 'pid');
  writeWhole(path, '1');
  writeWhole(path, '22');
  expect(readdirSync(root)).toEqual(['pid']);
});

test('a process is known by more than its number', () => {
  const self = identityOf(process.pid);
  expect(self && isProcessAlive(self)).toBe(true);
  expect(self && isProcessAlive({ ...self, startTime: '1' })).toBe(false);
  expect(self && isProcessAlive({ ...self, bootId: 'another' })).toBe(false);
  expect(identityOf(2 ** 22 + 1)).toBeUndefined();
});

test('the status is that of the process: not born, alive, gone, or only its number is taken', async () => {
  const self = identityOf(process.pid);
  {
    using held = await store.claim('box');
    store.write(held, record({ stage: 'creating' }));
    expect(find(store, 'box').status).toBe('creating');
    store.write(held, record({ process: self }));
    expect(find(store, 'box').status).toBe('running');
    const door = openDoor(held.directory);
    expect(find(store, 'box').status).toBe('created');
    closeFd(door);
    expect(find(store, 'box').status).toBe('running');
    store.write(held, record({ process: self && { ...self, startTime: '1' } }));
    expect(find(store, 'box').status).toBe('stopped');
    store.write(held, record({ stage: 'creating' }));
  }
  expect(find(store, 'box').status).toBe('stopped');
});

test('what is known of nothing but its directory can be asked for again', async () => {
  (await store.claim('box'))[Symbol.dispose]();
  expect(await codeOf(() => find(store, 'box'))).toBe('EAGAIN');
});

test('what a crash of the machine has left of a container is asked for again, and can be removed', async () => {
  using held = await store.claim('box');
  writeFileSync(join(held.directory, 'state.json'), ''); // renamed, and its text not on the disk yet
  expect(store.read('box')).toBeUndefined();
  expect(await codeOf(() => find(store, 'box'))).toBe('EAGAIN');
  store.remove(held);
  expect(store.ids()).toEqual([]);
});

test('a record that is damaged is told of with what of it is, its path and what helps', async () => {
  using held = await store.claim('box');
  const path = join(held.directory, 'state.json');
  const self = identityOf(process.pid);
  const damages: [string, string][] = [
    ['{', 'no JSON'],
    ['null', 'no object'],
    ['[]', 'no object'],
    ['{}', '"id"'],
    [JSON.stringify(record({ id: 'other' })), '"id"'],
    [JSON.stringify({ ...record(), config: null }), '"config"'],
    [JSON.stringify({ ...record(), stage: 'running' }), '"stage"'],
    [JSON.stringify({ ...record(), cgroups: ['relative'] }), '"cgroups"'],
    [JSON.stringify({ ...record(), directories: '/' }), '"directories"'],
    [JSON.stringify({ ...record(), process: { ...self, pid: -1 } }), '"process"'],
    [JSON.stringify({ ...record(), process: { pid: process.pid } }), '"process"'],
  ];
  for (const [text, what] of damages) {
    writeFileSync(path, text);
    let thrown: unknown;
    try {
      store.read('box');
    } catch (error) {
      thrown = error;
    }
    expect({ text, thrown }).toMatchObject({
      text,
      thrown: { code: 'EBADMSG', path, hint: expect.stringContaining('delete --force box') },
    });
    expect(String(thrown)).toContain(what);
  }
  writeFileSync(path, JSON.stringify(record({ process: self, directories: ['/sys/fs/resctrl/box'] })));
  expect(store.read('box')).toMatchObject({ id: 'box' });
});

test('a record that is damaged keeps nobody from those of others, and goes with force', async () => {
  for (const id of ['box', 'sound']) {
    using held = await store.claim(id);
    store.write(held, record({ id }));
  }
  writeFileSync(join(store.root, 'box', 'state.json'), '{"id":');
  const told: unknown[] = [];
  const onDamaged = (error: unknown): number => told.push(Reflect.get(Object(error), 'code'));
  expect(list(store, onDamaged).map((one) => one.record.id)).toEqual(['sound']);
  expect(await codeOf(() => remove(store, 'box'))).toBe('EBADMSG');
  expect(store.ids().sort()).toEqual(['box', 'sound']);
  expect(told).toEqual(['EBADMSG']);
  await remove(store, 'box', { force: true, onDamaged });
  expect(told).toEqual(['EBADMSG', 'EBADMSG']);
  expect(store.ids()).toEqual(['sound']);
});

test('a state root that others can write, or that is none, is not believed', async () => {
  const made = store.root;
  const codeFor = (path: string): Promise<unknown> => codeOf(() => new Store(path));
  expect(await codeFor(made)).toBe('nothing thrown'); // not there yet
  mkdirSync(made, { mode: 0o700 });
  expect(await codeFor(made)).toBe('nothing thrown');
  symlinkSync(made, join(root, 'link'));
  expect(await codeFor(join(root, 'link'))).toBe('nothing thrown');
  chmodSync(made, 0o777);
  expect(await codeFor(made)).toBe('EPERM');
  expect(await codeFor(join(root, 'link'))).toBe('EPERM');
  expect(await codeOf(() => store.claim('box'))).toBe('EPERM'); // changed since it was looked at
  expect(readdirSync(made)).toEqual([]);
  writeFileSync(join(root, 'file'), '');
  expect(await codeFor(join(root, 'file'))).toBe('ENOTDIR');
});

needs.test(needs.root)('a state root of another user is not believed, nor a link of his', async () => {
  mkdirSync(store.root, { mode: 0o700 });
  symlinkSync(store.root, join(root, 'link'));
  lchownSync(join(root, 'link'), 12345, 12345);
  expect(await codeOf(() => new Store(join(root, 'link')))).toBe('EPERM');
  expect(await codeOf(() => new Store(store.root))).toBe('nothing thrown');
  lchownSync(store.root, 12345, 12345);
  expect(await codeOf(() => new Store(store.root))).toBe('EPERM');
  symlinkSync(store.root, join(root, 'own'));
  expect(await codeOf(() => new Store(join(root, 'own')))).toBe('EPERM');
});

test('a door is seen to be open without a knock, by a path of any length', () => {
  const deep = join(root, 'x'.repeat(100), 'y'.repeat(100));
  mkdirSync(deep, { recursive: true });
  expect(isDoorOpen(deep)).toBe(false);
  const door = openDoor(deep);
  expect(isDoorOpen(deep)).toBe(true);
  closeFd(knock(deep));
  closeFd(door);
  expect(isDoorOpen(deep)).toBe(false);
  expect(() => knock(deep)).toThrow('ECONNREFUSED');
  expect(isDoorOpen(join(root, 'nothing'))).toBe(false);
});

test('the state has a pid only while there is a process', () => {
  const self = { pid: 4711, startTime: '1', bootId: 'b' };
  const config = { ...record().config, annotations: { a: 'b' } };
  expect(stateOf({ record: record({ process: self, config }), status: 'running' }, '1.3.0')).toEqual({
    ociVersion: '1.3.0',
    id: 'box',
    status: 'running',
    pid: 4711,
    bundle: '/bundle',
    annotations: { a: 'b' },
  });
  expect(stateOf({ record: record({ process: self }), status: 'stopped' }, '1.3.0')).not.toHaveProperty('pid');
});

test('descriptors of a service manager are passed on by the process they are meant for', () => {
  expect(preservedDescriptors(0, { LISTEN_FDS: '3', LISTEN_PID: '1' }, 2)).toEqual({ fds: [], variables: [] });
  let thrown: unknown;
  try {
    preservedDescriptors(0, { LISTEN_FDS: 'many', LISTEN_PID: '2' }, 2);
  } catch (error) {
    thrown = error;
  }
  expect(isErrno(thrown, 'EINVAL')).toBe(true);
});
