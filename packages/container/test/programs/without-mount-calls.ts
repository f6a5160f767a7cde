/** Runs a command to which the calls that make mounts by descriptor are refused. Arguments: the command. */
import { spawnSync } from 'node:child_process';
import './refuse-mount-calls.ts';

const [command = 'true', ...args] = process.argv.slice(2);
const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
if (error) throw error;
process.exit(status ?? 1);
