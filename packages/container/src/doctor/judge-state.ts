import { type Check, check } from './check.ts';
import type { HostFacts } from './host-facts.ts';

/** Whether containers can be remembered. */
export function judgeState({ state, user }: Pick<HostFacts, 'state' | 'user'>): Check {
  const needed = 'a directory of the user to keep the state of containers in, gone at the next boot';
  if (state.refusal === undefined) return check('state directory', needed, { status: 'ok', found: state.path });
  const fix =
    user.uid === 0 ? 'sudo mount -t tmpfs -o mode=755 tmpfs /run' : `sudo loginctl enable-linger ${user.name}`;
  return check('state directory', needed, { status: 'missing', found: `${state.path}: ${state.refusal}`, fix });
}
