import { library } from '../../tools/presets/tsup.ts';

export default library(['src/index.ts', 'src/net-devices/index.ts']);
