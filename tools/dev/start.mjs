// `npm start -- ARGS`: the command as it is in this checkout. Nothing may be written to standard output here, and standard
// input is not touched: both belong to the container. The command runs in this process: a second Node would cost 100 ms.
import { createRequire } from 'node:module';
import { ensureBuilt } from './ensure.mjs';

const command = await ensureBuilt();
process.argv = [process.execPath, command, ...process.argv.slice(2)];
createRequire(command)(command); // import() would first read the whole file for the names it exports
