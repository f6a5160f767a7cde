// Runs programs one after another for the benchmark and tells how long each took, in milliseconds. See src/launcher.ts.
import { spawnSync } from 'node:child_process';

process.on('message', ({ program, args }) => {
  const before = process.hrtime.bigint();
  const { status, stderr } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  const milliseconds = Number(process.hrtime.bigint() - before) / 1e6;
  process.send?.({ milliseconds, status, stderr });
});
