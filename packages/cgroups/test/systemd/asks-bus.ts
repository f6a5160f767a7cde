import { isErrno } from '@coracle/errors';
import { openBus } from '../../src/systemd/index.ts';

// A program of bus.test.ts: who is it here, and what comes of asking for systemd on a bus?
try {
  using _bus = await openBus(process.argv[2], { timeoutMs: 10_000 });
  console.log('it is there');
} catch (error) {
  const hint: unknown = error instanceof Error ? Reflect.get(error, 'hint') : undefined;
  console.log(process.getuid?.(), isErrno(error, 'ECONNREFUSED') ? 'ECONNREFUSED' : error, hint);
}
