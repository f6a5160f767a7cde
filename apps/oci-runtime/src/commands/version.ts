import { OCI_VERSION } from '@coracle/oci-spec';
import { print } from '../output.ts';

/** Put in by the build, from package.json. */
declare const CORACLE_OCI_VERSION: string;

/** `coracle-oci --version`. */
export async function command(): Promise<number> {
  const bun = process.versions['bun']; // the stand-alone build
  const engine = bun === undefined ? `node: ${process.version}` : `bun: ${bun}`;
  await print(`coracle-oci version ${CORACLE_OCI_VERSION}\nspec: ${OCI_VERSION}\n${engine}\n`);
  return 0;
}
