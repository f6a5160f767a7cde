import { library } from '../../tools/presets/tsup.ts';

export default library({ index: 'src/index.ts', systemd: 'src/systemd/index.ts' });
