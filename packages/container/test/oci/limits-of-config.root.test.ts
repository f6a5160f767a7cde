import { readFileSync, rmdirSync } from 'node:fs';
import { runConfig } from '@coracle/container/config';
import { findLeftovers, needs, onlyVersion2 } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { baseConfig } from './support/base-config.ts';
import { type Bundle, makeBundle } from './support/bundle.ts';

const ABOVE = `coracle-config-limits-${process.pid}`;

needs.describe(needs.root, onlyVersion2())('the group of a configuration on version 2', () => {
  const test = needs.test();
  let bundle: Bundle;
  let before: ReturnType<typeof findLeftovers>;
  beforeAll(() => {
    before = findLeftovers();
    bundle = makeBundle();
  });
  afterAll(() => {
    bundle[Symbol.dispose]();
    rmdirSync(`/sys/fs/cgroup/${ABOVE}`);
    expect(findLeftovers()).toEqual(before);
  });

  test('has every controller of the machine, also those that limit nothing yet', async () => {
    const config = baseConfig(`cat /mnt/${ABOVE}/box/cgroup.controllers`, {
      mounts: [{ destination: '/mnt', type: 'bind', source: '/sys/fs/cgroup', options: ['rbind', 'ro'] }],
      linux: { cgroupsPath: `/${ABOVE}/box`, resources: { pids: { limit: 20 } } },
    });
    const { stdout, stderr } = await runConfig(config, { bundle: bundle.path, id: ABOVE });
    const words = (text: string): string[] => text.trim().split(' ').sort();
    expect(stderr).toBe('');
    expect(words(stdout)).toEqual(words(readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8')));
  });
});
