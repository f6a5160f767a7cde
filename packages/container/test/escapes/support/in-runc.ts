import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '@coracle/oci-spec';

/** Runs a configuration by runc, with another program; resolves with what that wrote. */
export function runInRunc(config: Config, args: readonly string[]): string {
  const bundle = mkdtempSync(join(tmpdir(), 'escapes-bundle-'));
  const id = `escapes-${process.pid}-${Date.now()}`;
  // Older versions have not heard of the newest kind of namespace.
  const namespaces = config.linux?.namespaces?.filter(({ type }) => type !== 'time') ?? [];
  const ours = { ...config, process: { ...config.process, args }, linux: { ...config.linux, namespaces } };
  try {
    writeFileSync(join(bundle, 'config.json'), JSON.stringify({ ...ours, ociVersion: '1.0.2' }));
    const { status, stdout, stderr } = spawnSync('runc', ['run', '--bundle', bundle, id], {
      encoding: 'utf8',
      input: '',
      maxBuffer: 1 << 24,
    });
    if (status !== 0) throw new Error(`runc could not run it: ${stderr}`);
    return stdout;
  } finally {
    rmSync(bundle, { recursive: true });
  }
}
