import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  copyApp,
  NOBODY,
  NODE,
  needs,
  type OwnSystemd,
  onlyVersion2,
  Podman,
  SYSTEMD,
  startSystemd,
} from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { builtRuntime } from '../runtime.ts';
import { TIMEOUT_MS } from './life-tests.ts';

const HIS = `user.slice/user-${NOBODY}.slice/user@${NOBODY}.service`;

needs.describe(
  ...SYSTEMD,
  onlyVersion2(),
  ...['podman', 'newuidmap', 'setpriv'].map((name) => needs.program(name)),
)('podman of an ordinary user who has a systemd of his own', () => {
  let systemd: OwnSystemd;
  let podman: Podman;
  let runtime = '';
  beforeAll(async () => {
    builtRuntime();
    runtime = copyApp({ app: 'apps/oci-runtime', name: 'coracle-oci.cjs' });
    systemd = await startSystemd({ user: { uid: NOBODY, controllers: 'pids memory cpu' } });
    const inside = await systemd.inside([]);
    podman = new Podman({ shown: NODE === '/usr' ? [] : [NODE], runtime, rootless: true, inside });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await systemd?.[Symbol.asyncDispose]();
    podman?.[Symbol.dispose]();
    if (runtime) rmSync(dirname(runtime), { recursive: true });
  }, TIMEOUT_MS);

  const good = (...words: readonly string[]): string => {
    const { status, said } = podman.call(...words);
    expect({ words, status, said: status === 0 ? '' : said }).toEqual({ words, status: 0, said: '' });
    return said.trim();
  };

  // It is the root of a user namespace there, whom the bus knows by another number.
  test(
    'has its containers in scopes below what is his, with their limits, enters, changes and removes them',
    () => {
      const options = ['--name', 'box', '--pids-limit', '30', '--memory', '64m', ...podman.containerOptions()];
      const id = good('run', '--detach', ...options, '--rootfs', podman.rootfs, 'sleep', '1000')
        .split('\n')
        .at(-1);
      const group = `${HIS}/user.slice/libpod-${id}.scope`;
      const read = (file: string): string | undefined =>
        systemd.read(`${group}/${file}`) ?? systemd.read(`${group}/container/${file}`);
      expect([read('pids.max'), read('memory.max')]).toEqual(['30', String(64 << 20)]);
      expect(good('exec', 'box', 'echo', 'hello')).toBe('hello');
      good('update', '--memory', '96m', 'box');
      expect(read('memory.max')).toBe(String(96 << 20));
      good('rm', '--force', '--time', '0', 'box');
      expect(read('pids.max')).toBeUndefined();
    },
    TIMEOUT_MS,
  );
});
