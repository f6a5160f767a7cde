// Proves the import rules that STYLE draws as levels: down only, never sideways, public entries only.
import { fileURLToPath } from 'node:url';
import { checkLayers } from './check-layers.ts';
import { LEVELS, SOLE_IMPORTERS } from './levels.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const violations = checkLayers(root, { levels: LEVELS, soleImporters: SOLE_IMPORTERS });
for (const { where, rule, what } of violations) console.error(`${where}: ${rule}: ${what}`);
console.log(violations.length === 0 ? 'layers: every import goes down' : `layers: ${violations.length} broken rules`);
process.exitCode = violations.length === 0 ? 0 : 1;
