import { command } from '../../tools/presets/command.ts';

export default command({ name: 'coracle', warmUp: ['run', '--quiet', 'true'], versionName: 'CORACLE_VERSION' });
