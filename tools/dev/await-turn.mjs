// Global set-up of a Jest that was started ahead of its turn: everything is loaded when that comes.
import { once } from 'node:events';
import { Socket } from 'node:net';
import { TURN_FD } from './watched.mjs';

export default async function awaitTurn() {
  const socket = new Socket({ fd: TURN_FD });
  const [byte] = await Promise.race([once(socket, 'data'), once(socket, 'end').then(() => [])]);
  if (byte === undefined) process.exit(1); // who started it is gone
  const closed = once(socket, 'close');
  socket.destroy();
  await closed; // tests look at what descriptors are open
}
