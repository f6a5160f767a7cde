import { command } from '../../tools/presets/command.ts';

export default command('coracle-oci');
