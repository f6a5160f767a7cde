import {
  type Capabilities,
  type ConsoleSize,
  type ExecCPUAffinity,
  IO_PRIORITY_CLASSES,
  type IOPriority,
  type Process,
  RLIMIT_NAMES,
  type Rlimit,
  SCHEDULER_FLAGS,
  SCHEDULER_POLICIES,
  type Scheduler,
  type User,
} from '../types/process.ts';
import { arrayOf, type Check, notEmpty, object, type Rule, required, uniqueTypes, where } from './check.ts';
import { memberPath, report } from './problem.ts';
import { absolutePath, boolean, id, integer, matching, oneOf, text, uint16, uint64, variable } from './scalars.ts';

const user: Check<User> = object<User>({
  uid: required(id),
  gid: required(id),
  umask: integer(0, 0o777),
  additionalGids: arrayOf(id),
});

const softUpToHard: Rule<Rlimit> = ({ soft, hard }, at, problems) => {
  if (soft > hard) report(problems, { path: memberPath(at, 'soft'), value: soft, allowed: `at most hard (${hard})` });
};

const rlimit: Check<Rlimit> = where(
  object<Rlimit>({ type: required(oneOf(RLIMIT_NAMES)), soft: required(uint64), hard: required(uint64) }),
  softUpToHard,
);

const capabilities: Check<Capabilities> = object<Capabilities>({
  bounding: arrayOf(text),
  permitted: arrayOf(text),
  effective: arrayOf(text),
  inheritable: arrayOf(text),
  ambient: arrayOf(text),
});

const scheduler: Check<Scheduler> = object<Scheduler>({
  policy: required(oneOf(SCHEDULER_POLICIES)),
  nice: integer(-20, 19),
  priority: integer(0, 99),
  flags: arrayOf(oneOf(SCHEDULER_FLAGS)),
  runtime: uint64,
  deadline: uint64,
  period: uint64,
});

const ioPriority: Check<IOPriority> = object<IOPriority>({
  class: required(oneOf(IO_PRIORITY_CLASSES)),
  priority: integer(0, 7),
});

const processors = matching(/^[0-9, -]*$/, "numbers and ranges of processors, such as '0-3,7'");

/** {@link Process}. */
export const process: Check<Process> = object<Process>({
  terminal: boolean,
  consoleSize: object<ConsoleSize>({ height: required(uint16), width: required(uint16) }),
  cwd: required(absolutePath),
  env: arrayOf(variable),
  args: required(where(arrayOf(text), notEmpty('an array with at least the program in it'))),
  rlimits: where(arrayOf(rlimit), uniqueTypes),
  apparmorProfile: text,
  capabilities,
  noNewPrivileges: boolean,
  oomScoreAdj: integer(-1000, 1000),
  scheduler,
  selinuxLabel: text,
  ioPriority,
  execCPUAffinity: object<ExecCPUAffinity>({ initial: processors, final: processors }),
  user: required(user),
});
