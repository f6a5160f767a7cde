/** Starts a container with user ids of its own, tells the pids of its first process and of its monitor, and stays. */
import { readFileSync } from 'node:fs';
import { Container } from '../../src/index.ts';

const { pid } = await Container.run({ command: ['sleep', '1000'], userNamespace: 'auto' });
const monitor = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
process.stdout.write(`${JSON.stringify({ pid, monitor })}\n`);
