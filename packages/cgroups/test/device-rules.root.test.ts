import { existsSync } from 'node:fs';
import { removeGroup, runOperations } from '@coracle/cgroups-core';
import { probeDevices } from '@coracle/cgroups-core/testing';
import { expect, test } from '@jest/globals';
import { DEFAULT_DEVICE_RULES, detect, plan } from '../src/index.ts';

const machine = detect();
const name = `coracle-test-rules-${process.pid}`;
const title = 'the rules of a plan hold, for a group that lies in version 1';
// A plan for version 2 has a program, which is tested where it is compiled.
const testHere = machine.devices.version === 'v1' ? test : test.skip;

testHere(
  machine.devices.version === 'v1' ? title : `${title} (skipped: needs root and the v1 controller devices)`,
  async () => {
    const planned = plan({ machine, name, limits: { pids: 20 }, devices: DEFAULT_DEVICE_RULES });
    try {
      runOperations(planned?.create ?? []);
      const answers = probeDevices(`${machine.v1.devices}/${name}/cgroup.procs`, [
        { type: 'c', major: 1, minor: 3, access: 'rw' },
        { type: 'c', major: 60, minor: 3, access: 'r' },
        { type: 'b', major: 60, minor: 3, access: 'm' },
      ]);
      expect(answers).toEqual([true, false, true]);
    } finally {
      for (const directory of planned?.directories ?? []) await removeGroup(directory);
    }
    expect(planned?.directories.filter(existsSync)).toEqual([]);
  },
);
