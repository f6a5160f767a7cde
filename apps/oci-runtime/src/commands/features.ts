import { configAbilities } from '@coracle/container/config';
import { features, HOOK_NAMES } from '@coracle/oci-spec';
import { print } from '../output.ts';

/** `coracle-oci features`. */
export async function command(): Promise<number> {
  await print(`${JSON.stringify(features({ ...configAbilities(), hooks: [...HOOK_NAMES] }), null, 2)}\n`);
  return 0;
}
