// What somebody does who has nothing of Coracle but the package for cgroups. Copied beside its tarball, see alone.mjs.
import { strictEqual as equal, ok, rejects } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { commandInside, create, describe, detect, plan, survey } from '@coracle/cgroups';
import { openBus } from '@coracle/cgroups/systemd';

const name = `coracle-alone-${process.pid}`;
const machine = detect();
ok(describe(survey()).length > describe(machine).length);
await rejects(openBus(), { code: 'EOPNOTSUPP', path: '@homebridge/dbus-native' });
const canLimit = machine.resources.pids.version !== undefined && plan({ machine, name }) !== undefined;
if (canLimit) await limit();
console.log(
  `${canLimit ? 'made, limited, filled, counted and removed a group; ' : 'looked around; '}${describe(machine)}`,
);

async function limit() {
  const box = create(name, { pids: 20 });
  try {
    const [command, ...args] = commandInside(box, ['sh', '-c', 'cat /proc/self/cgroup; read _']);
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const [said] = await once(child.stdout, 'data');
    ok(String(said).includes(name), `its own groups are ${said}`);
    ok(box.stats(['pids']).pids.current > 0n);
    box.update({ pids: 30 });
    child.stdin.end('\n');
    equal((await ended)[0], 0);
    equal(box.stats(['pids']).pids.limit, 30n);
  } finally {
    await box.delete();
  }
  equal(box.directories.filter(existsSync).length, 0);
}
