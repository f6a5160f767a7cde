import { chmodSync, existsSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOOK_NAMES, type Hook, type HookName } from '@coracle/oci-spec';
import { findLeftovers, needs } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { Bundle, builtRuntime, Runtime, until } from '../runtime.ts';

/** What a hook has seen. */
interface Seen {
  name: string;
  index: string;
  status: string;
  pid: string;
  mount: string;
  uts: string;
  /** Whether what is kept of the container was still there. */
  kept: string;
  /** For hooks of the runtime namespace: what the process has for its root, and the name of its uts namespace. */
  root: string;
  container: string;
}

let before: ReturnType<typeof findLeftovers>;
let seen: Seen[] = [];
let lines: string[] = [];
/** Namespaces of the container, while it ran. */
let own: { mount: string; uts: string; pid: number };
const atReturn: Record<string, string[]> = {};

/** One container with two hooks of each kind, each of which writes what it sees. */
beforeAll(async () => {
  if (!needs.root.met || !needs.program('busybox').met) return;
  before = findLeftovers();
  using bundle = new Bundle();
  using runtime = new Runtime(builtRuntime());
  const log = join(bundle.rootfs, 'log');
  writeFileSync(log, '');
  chmodSync(log, 0o666);
  // A program that is only on the host, and one that is only in the container.
  const outside = join(bundle.path, 'outside');
  symlinkSync('/bin/sh', outside);
  symlinkSync('busybox', join(bundle.rootfs, 'bin/inside'));
  const hook = (name: HookName, index: number): Hook => {
    const isInside = name === 'startContainer';
    const words = `read -r state
      field() { rest=\${state#*\\"$1\\":}; rest=\${rest#\\"}; echo \${rest%%[,\\"\\}]*}; }
      pid=$(field pid); [ -e ${runtime.state}/root/box ] && kept=kept || kept=gone
      root=none; [ -e /proc/$pid/root${bundle.path}/config.json ] && root=host
      echo ${name} ${index} $(field status) $pid $(readlink /proc/self/ns/mnt) $(readlink /proc/self/ns/uts) $kept $root $(readlink /proc/$pid/ns/uts) >>${isInside ? '/log' : log}`;
    return {
      path: isInside ? '/bin/inside' : outside,
      args: ['sh', '-c', words],
      env: ['PATH=/bin:/usr/bin'],
    };
  };
  bundle.configure(['sh', '-c', 'echo program >>/log; exec sleep 1000'], (config) => ({
    ...config,
    root: { path: bundle.rootfs, readonly: false },
    hooks: Object.fromEntries(HOOK_NAMES.map((name) => [name, [hook(name, 1), hook(name, 2)]])),
  }));
  const read = (): string[] => readFileSync(log, 'utf8').trim().split('\n');
  const call = (...words: string[]): void => expect(runtime.call(words)).toMatchObject({ status: 0, error: '' });
  call('create', '--bundle', bundle.path, 'box');
  atReturn['create'] = read();
  call('start', 'box');
  atReturn['start'] = read();
  await until('the program has begun', () => read().includes('program'));
  const pid = Number(runtime.stateOf('box')?.['pid']);
  own = { mount: readlinkSync(`/proc/${pid}/ns/mnt`), uts: readlinkSync(`/proc/${pid}/ns/uts`), pid };
  call('kill', 'box', 'KILL');
  await until('it has ended', () => runtime.stateOf('box')?.['status'] === 'stopped');
  call('delete', 'box');
  lines = read();
  expect(existsSync(join(runtime.state, 'root/box'))).toBe(false);
  seen = lines.flatMap((line) => {
    const [name = '', index = '', status = '', at = '', mount = '', uts = '', kept = '', root = '', container = ''] =
      line.split(' ');
    return name === 'program' ? [] : [{ name, index, status, pid: at, mount, uts, kept, root, container }];
  });
});
afterAll(() => {
  if (before) expect(findLeftovers()).toEqual(before);
});

const of = (name: HookName): Seen[] => seen.filter((one) => one.name === name);
const HOST = needs.root.met
  ? { mount: readlinkSync('/proc/self/ns/mnt'), uts: readlinkSync('/proc/self/ns/uts') }
  : undefined;
const names = (list: readonly string[]): string[] => list.map((line) => line.split(' ', 1)[0] ?? '');
const EARLY: readonly HookName[] = ['prestart', 'createRuntime', 'createContainer'];

needs.describe(needs.root, needs.program('busybox'))('config.md, hooks', () => {
  const test = needs.test();

  test('config.md#configHooks: hooks are called in the order they are listed', () => {
    expect(seen.map(({ name, index }) => `${name} ${index}`)).toEqual(
      HOOK_NAMES.flatMap((name) => [`${name} 1`, `${name} 2`]),
    );
  });

  test('config.md#configHooks: each reads the state of the container on its input', () => {
    const statuses = ['creating', 'creating', 'creating', 'created', 'running', 'stopped'];
    expect(HOOK_NAMES.map((name) => of(name).map(({ status }) => status))).toEqual(statuses.map((one) => [one, one]));
  });

  test('runtime.md#runtimeState: hooks of the runtime namespace are told the pid there, those of the container its own', () => {
    for (const name of ['prestart', 'createRuntime', 'poststart'] as const)
      expect(of(name).map(({ pid }) => pid)).toEqual([`${own.pid}`, `${own.pid}`]);
    for (const name of ['createContainer', 'startContainer'] as const)
      expect(of(name).map(({ pid }) => pid)).toEqual(['1', '1']);
  });

  for (const name of ['prestart', 'createRuntime', 'poststart', 'poststop'] as const)
    test(`config.md#configHooks: ${name} hooks are found and run in the runtime namespace`, () => {
      expect(of(name).map(({ mount, uts }) => ({ mount, uts }))).toEqual([HOST, HOST]);
    });

  test('config.md#configHooks: createContainer hooks are found in the runtime namespace and run in that of the container', () => {
    expect(of('createContainer').map(({ uts }) => uts)).toEqual([own.uts, own.uts]);
    for (const { mount } of of('createContainer')) expect(mount).not.toBe(HOST?.mount);
  });

  test('config.md#configHooks: startContainer hooks are found and run in the namespace of the container', () => {
    const { mount, uts } = own;
    expect(of('startContainer').map((one) => ({ mount: one.mount, uts: one.uts }))).toEqual([
      { mount, uts },
      { mount, uts },
    ]);
  });

  test('config.md#configHooksPrestart, CreateRuntime, CreateContainer: they are called by create, in this order', () => {
    expect(names(atReturn['create'] ?? [])).toEqual(EARLY.flatMap((name) => [name, name]));
  });

  test('config.md#configHooksPrestart, CreateRuntime: the environment is there then, and the root is not changed yet', () => {
    for (const { container, root } of [...of('prestart'), ...of('createRuntime')])
      expect({ container, root }).toEqual({ container: own.uts, root: 'host' });
  });

  test('config.md#configHooksStartContainer: they are called by start, before the program', () => {
    const order = names(lines);
    expect(order.lastIndexOf('startContainer')).toBeLessThan(order.indexOf('program'));
    expect(names(atReturn['create'] ?? [])).not.toContain('startContainer');
  });

  test('config.md#configHooksPoststart: they are called when the program runs, before start returns', () => {
    expect(names(atReturn['start'] ?? []).filter((name) => name === 'poststart')).toHaveLength(2);
    expect(of('poststart').map(({ status }) => status)).toEqual(['running', 'running']);
  });

  test('config.md#configHooksPoststop: they are called when the container is deleted, before delete returns', () => {
    expect(of('poststop').map(({ kept }) => kept)).toEqual(['gone', 'gone']);
    expect(of('poststart').map(({ kept }) => kept)).toEqual(['kept', 'kept']);
  });
});
