import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { create } from '../../src/index.ts';
import { failureOf, on, read, testWith } from './on-this-machine.ts';

const RDMA = '/sys/class/infiniband';

/** Of the controllers that few machines have: the virtual one has them, on each version in a run of its own. */
export function furtherTests(name: string): void {
  testWith(['net_cls'], 'packets are marked with a class', async () => {
    await using box = create(name, { network: { classId: 0x10_0001 } });
    expect(read(box, 'net_cls.classid')).toBe(String(0x10_0001));
    box.update({ network: { classId: 0 } });
    expect(read(box, 'net_cls.classid')).toBe('0');
  });

  testWith(['net_prio'], 'packets get a priority at each interface; one that is not there is named', async () => {
    await using box = create(name, { network: { priorities: { lo: 5 } } });
    expect(read(box, 'net_prio.ifpriomap')).toMatch(/^lo 5$/m);
    expect(failureOf(() => box.update({ network: { priorities: { lo: 6, none0: 1 } } }))).toMatchObject({
      code: 'ENODEV',
      message: expect.stringContaining('there is no interface none0'),
      detail: expect.stringContaining('put back as before: net_prio.ifpriomap'),
    });
    expect(read(box, 'net_prio.ifpriomap')).toMatch(/^lo 5$/m);
  });

  testWith(['rdma'], 'an RDMA device that is not there is named', async () => {
    expect(failureOf(() => create(name, { rdma: { none_0: { handles: 1 } } }))).toMatchObject({
      message: expect.stringContaining('there is no RDMA device none_0'),
    });
  });

  testWith(
    ['rdma'],
    'handles and objects of an RDMA device are limited one by one, and lifted',
    async () => {
      const [device = ''] = readdirSync(RDMA);
      await using box = create(name, { rdma: { [device]: { handles: 5 } } });
      expect(read(box, 'rdma.max')).toContain(`${device} hca_handle=5 hca_object=max`);
      box.update({ rdma: { [device]: { objects: 7 } } });
      expect(read(box, 'rdma.max')).toContain(`${device} hca_handle=5 hca_object=7`);
      expect(box.stats(['rdma']).rdma?.[device]).toBeDefined();
      box.update({ rdma: { [device]: { handles: 'max', objects: 'max' } } });
      expect(read(box, 'rdma.max')).toContain(`${device} hca_handle=max hca_object=max`);
    },
    { what: 'an RDMA device', met: hasRdmaDevice() },
  );

  testWith(['misc'], 'what the machine does not count is refused with what it does', async () => {
    expect(failureOf(() => create(name, { misc: { nothing_of_the_kind: 1 } }))).toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('this machine does not count nothing_of_the_kind'),
      hint: expect.stringContaining('there is: '),
    });
  });

  testWith(
    ['misc'],
    'what the machine counts beside is limited, and lifted',
    async () => {
      const [one = ''] = counted();
      await using box = create(name, { misc: { [one]: 1 } });
      expect(read(box, 'misc.max')).toContain(`${one} 1`);
      box.update({ misc: { [one]: 'max' } });
      expect(read(box, 'misc.max')).toContain(`${one} max`);
    },
    { what: 'something that the controller misc counts, such as encrypted machines', met: counted().length > 0 },
  );
}

/** In the virtual machine, whose kernel is the test's own, one is made of the loopback interface. */
function hasRdmaDevice(): boolean {
  const isThere = (): boolean => existsSync(RDMA) && readdirSync(RDMA).length > 0;
  if (!isThere() && process.geteuid?.() === 0 && readFileSync('/proc/cpuinfo', 'utf8').includes('QEMU')) {
    spawnSync('sh', ['-c', 'modprobe rdma_rxe && rdma link add rxe0 type rxe netdev lo']);
  }
  return isThere();
}

function counted(): string[] {
  const path = on('misc') === 'v2' ? '/sys/fs/cgroup/misc.capacity' : '/sys/fs/cgroup/misc/misc.capacity';
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  return lines.flatMap((line) => line.split(' ')[0] ?? []);
}
