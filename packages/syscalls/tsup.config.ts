import { library } from '../../tools/presets/tsup.ts';

export default library(['src/index.ts', 'src/settings/index.ts']);
