/** Prints the checks of this machine as JSON. Run by provoked.root.test.ts in surroundings that lack something. */
import { checkHost } from '../../../src/doctor/index.ts';

console.log(JSON.stringify(await checkHost()));
