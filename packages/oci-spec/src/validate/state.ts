import { type Check, object, type Rule, recordOf, required, where } from '../checks/check.ts';
import { memberPath, report } from '../checks/findings.ts';
import { absolutePath, integer, name, oneOf, text } from '../checks/scalars.ts';
import { STATUSES, type State } from '../types/state.ts';
import { version } from './version.ts';

/** The largest process id that Linux can be told to give. */
const LARGEST_PID = 2 ** 22;

/** {@link State}. */
export function state(): Check<State> {
  return where(
    object<State>({
      ociVersion: required(version),
      id: required(name),
      status: required(oneOf(STATUSES)),
      pid: integer(0, LARGEST_PID),
      bundle: required(absolutePath),
      annotations: recordOf(text, name),
    }),
    pidWhenAlive,
  );
}

const pidWhenAlive: Rule<State> = ({ status, pid }, at, findings) => {
  if (pid || (status !== 'created' && status !== 'running')) return;
  report(findings, {
    path: memberPath(at, 'pid'),
    value: pid,
    allowed: `the number of a process, as the container is ${status}`,
  });
};
