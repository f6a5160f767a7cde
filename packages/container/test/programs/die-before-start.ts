/**
 * Makes a container in which ids of a volume are mapped, tells who it is, and is killed before the start. Argument: the source of
 * the volume.
 */
import { Container } from '../../src/index.ts';

const volumes = [{ source: process.argv[2] ?? '', target: '/data', idmap: true }];
const { id, pid } = await Container.create({ command: ['true'], userNamespace: 'auto', volumes });
process.stdout.write(JSON.stringify({ id, pid }), () => process.kill(process.pid, 'SIGKILL'));
