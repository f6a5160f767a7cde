import { library } from '../../tools/presets/tsup.ts';

export default library([
  'src/index.ts',
  'src/again.ts',
  'src/terminal/index.ts',
  'src/doctor/index.ts',
  'src/oci/index.ts',
  'src/detached/index.ts',
]);
