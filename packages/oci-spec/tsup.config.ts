import { library } from '../../tools/presets/tsup.ts';

export default library(['src/index.ts', 'src/validate/index.ts', 'src/checks/index.ts']);
