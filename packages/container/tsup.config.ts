import { library } from '../../tools/presets/tsup.ts';

export default library([
  'src/index.ts',
  'src/terminal/index.ts',
  'src/doctor/index.ts',
  'src/config-entry.ts',
  'src/detached/index.ts',
]);
