import { UsageError } from '../command-line.ts';

/** `coracle-oci checkpoint` and `restore`. */
export async function command(): Promise<number> {
  throw new UsageError(
    'checkpoint and restore are not supported by this runtime',
    'use another runtime for containers that are to be checkpointed: runc and crun do it with criu',
  );
}
