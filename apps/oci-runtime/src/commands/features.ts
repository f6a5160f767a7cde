import { featuresDocument } from '../features-document.ts';
import { print } from '../output.ts';

/** `coracle-oci features`. */
export async function command(): Promise<number> {
  await print(`${JSON.stringify(featuresDocument(), null, 2)}\n`);
  return 0;
}
