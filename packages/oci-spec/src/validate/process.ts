import { arrayOf, type Check, notEmpty, object, type Rule, required, uniqueTypes, where } from '../checks/check.ts';
import { memberPath, report } from '../checks/findings.ts';
import {
  absolutePath,
  boolean,
  id,
  integer,
  matching,
  oneOf,
  text,
  uint16,
  uint64,
  variable,
} from '../checks/scalars.ts';
import {
  type Capabilities,
  type ConsoleSize,
  type ExecCPUAffinity,
  IO_PRIORITY_CLASSES,
  type IOPriority,
  MOST_GROUPS,
  type Process,
  RLIMIT_NAMES,
  type Rlimit,
  SCHEDULER_FLAGS,
  SCHEDULER_POLICIES,
  type Scheduler,
  type User,
} from '../types/process.ts';

/** {@link Process}. */
export function process(): Check<Process> {
  const processors = matching(/^[0-9, -]*$/, "numbers and ranges of processors, such as '0-3,7'");
  return object<Process>({
    terminal: boolean,
    consoleSize: object<ConsoleSize>({ height: required(uint16), width: required(uint16) }),
    cwd: required(absolutePath),
    env: arrayOf(variable),
    args: required(where(arrayOf(text), notEmpty('an array with at least the program in it'))),
    rlimits: where(arrayOf(rlimit()), uniqueTypes),
    apparmorProfile: text,
    capabilities: capabilities(),
    noNewPrivileges: boolean,
    oomScoreAdj: integer(-1000, 1000),
    scheduler: scheduler(),
    selinuxLabel: text,
    ioPriority: object<IOPriority>({ class: required(oneOf(IO_PRIORITY_CLASSES)), priority: integer(0, 7) }),
    execCPUAffinity: object<ExecCPUAffinity>({ initial: processors, final: processors }),
    user: user(),
  });
}

function user(): Check<User> {
  return object<User>({
    uid: required(id),
    gid: required(id),
    umask: integer(0, 0o777),
    additionalGids: where(arrayOf(id), asManyAsAProcessHas),
  });
}

const asManyAsAProcessHas: Rule<number[]> = (groups, at, findings) => {
  if (groups.length > MOST_GROUPS)
    report(findings, {
      path: at,
      value: groups,
      allowed: `at most ${MOST_GROUPS} groups, all that a process can have`,
    });
};

function rlimit(): Check<Rlimit> {
  return where(
    object<Rlimit>({ type: required(oneOf(RLIMIT_NAMES)), soft: required(uint64), hard: required(uint64) }),
    softUpToHard,
  );
}

const softUpToHard: Rule<Rlimit> = ({ soft, hard }, at, findings) => {
  if (soft > hard) report(findings, { path: memberPath(at, 'soft'), value: soft, allowed: `at most hard (${hard})` });
};

function capabilities(): Check<Capabilities> {
  return object<Capabilities>({
    bounding: arrayOf(text),
    permitted: arrayOf(text),
    effective: arrayOf(text),
    inheritable: arrayOf(text),
    ambient: arrayOf(text),
  });
}

function scheduler(): Check<Scheduler> {
  return object<Scheduler>({
    policy: required(oneOf(SCHEDULER_POLICIES)),
    nice: integer(-20, 19),
    priority: integer(0, 99),
    flags: arrayOf(oneOf(SCHEDULER_FLAGS)),
    runtime: uint64,
    deadline: uint64,
    period: uint64,
  });
}
