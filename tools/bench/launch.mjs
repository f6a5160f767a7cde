// Runs programs one after another for the benchmark and tells how long each took, in milliseconds. See src/launcher.ts.
import { spawnSync } from 'node:child_process';

process.on('message', ({ program, args, variables, ...user }) => {
  const env = { ...process.env, ...variables };
  const before = process.hrtime.bigint();
  const { status, stderr } = spawnSync(program, args, {
    ...user,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const milliseconds = Number(process.hrtime.bigint() - before) / 1e6;
  process.send?.({ milliseconds, status, stderr });
});
