import type { Config } from '@coracle/oci-spec';
import { expect, test } from '@jest/globals';
import { planUnit } from '../../src/detached/systemd/plan-unit.ts';
import { baseConfig } from '../oci/support/base-config.ts';

const manager = { bus: 'unix:path=/no/such/bus', isUsers: false };
const about = { id: 'one', manager, directory: '/run/coracle-oci/one' };
const config = (linux: Config['linux'], annotations: Record<string, string> = {}): Config => ({
  ...baseConfig('true'),
  linux: { ...baseConfig('true').linux, ...linux },
  annotations,
});

test('the unit of a container is where its path says, with its limits, and with what annotations say of it', async () => {
  const annotations = { 'org.systemd.property.CollectMode': "'inactive-or-failed'", 'org.example.other': 'x' };
  const linux = { cgroupsPath: 'a-b.slice:box:one', resources: { pids: { limit: 7 } } };
  expect(await planUnit(config(linux, annotations), about)).toMatchObject({
    unit: 'box-one.scope',
    slice: 'a-b.slice',
    path: '/a.slice/a-b.slice/box-one.scope',
    resources: { pids: 7 },
    properties: [['CollectMode', ['s', 'inactive-or-failed']]],
    description: 'container /run/coracle-oci/one',
    manager,
  });
});

test('a unit is known again by its description, also by one of an annotation', async () => {
  const annotations = { 'org.systemd.property.Description': "'a box'" };
  expect(await planUnit(config({}, annotations), about)).toMatchObject({ description: 'a box' });
});

test('what is not listed among the devices is denied, but for the harmless ones', async () => {
  const { devices } = await planUnit(config({}), about);
  expect(devices[0]).toEqual({ allow: false, type: 'a', access: 'rwm' });
  expect(devices).toContainEqual({ allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' });
});

test('a path and an annotation that cannot be meant are refused before anything is made', async () => {
  await expect(planUnit(config({ cgroupsPath: '/a/b' }), about)).rejects.toMatchObject({
    code: 'EINVAL',
    path: '/a/b',
  });
  const annotations = { 'org.systemd.property.CollectMode': 'word' };
  await expect(planUnit(config({}, annotations), about)).rejects.toMatchObject({
    code: 'EINVAL',
    path: 'CollectMode',
  });
});

test('a user without a bus is told so, as only that knows where his units lie', async () => {
  await expect(planUnit(config({}), { ...about, manager: { ...manager, isUsers: true } })).rejects.toMatchObject({
    code: 'ENOENT',
    path: manager.bus,
  });
});
