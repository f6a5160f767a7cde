import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { bytecodeOrders } from '../bytecode-order.mjs';

test('each trial reports its order, and one that cannot be done has none', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bytecode-order-'));
  try {
    const program = join(directory, 'program');
    // As Bun: what ends by itself reports at its end.
    writeFileSync(
      program,
      '#!/bin/sh\n[ -n "$NODE_OPTIONS" ] && [ "$1" != fail ] && echo "$*" > "$BUN_BYTECODE_ORDER_OUT"\n',
    );
    chmodSync(program, 0o755);
    const orders = bytecodeOrders(program, { trials: () => [['run', 'a'], ['fail'], ['state']], directory });
    expect(orders.map((path) => readFileSync(path, 'utf8'))).toEqual(['run a\n', 'state\n']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
