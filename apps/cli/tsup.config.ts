import { command } from '../../tools/presets/command.ts';

export default command({
  name: 'coracle',
  trials: () => [
    ['run', '--quiet', 'true'],
    ['run', '-q', '--rootfs', '/', '--hostname', 'box', '--pids-limit', '20', '-e', 'A=1', '-w', '/', 'true'],
  ],
  versionName: 'CORACLE_VERSION',
});
