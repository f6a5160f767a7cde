import {
  SECCOMP_ARCHITECTURES,
  SECCOMP_FLAGS,
  type SeccompAction,
  type SeccompArchitecture,
  type SeccompArgument,
  type SeccompFlag,
} from '@coracle/oci-spec';
import {
  arrayOf,
  type Check,
  type Findings,
  matching,
  memberPath,
  object,
  oneOf,
  type Rule,
  report,
  required,
  text,
  uint32,
  where,
} from '@coracle/oci-spec/checks';
import { seccompAction, seccompArgument } from '@coracle/oci-spec/validate';
import { errnoNameCheck } from './errno-by-name.ts';

/** What the programs in Go that write such files mean by nothing: no member, or `null`. */
type Maybe<T> = T | null | undefined;

/** A machine, and the ones whose programs it runs besides. */
interface ArchMapEntry {
  architecture: SeccompArchitecture;
  subArchitectures?: Maybe<SeccompArchitecture[]>;
}

/** When a rule counts, or when it does not. */
export interface RuleCondition {
  caps?: Maybe<string[]>;
  arches?: Maybe<string[]>;
  minKernel?: Maybe<string>;
}

/** A rule of a profile file: that of the OCI form, with conditions. */
export interface FileRule {
  name?: Maybe<string>;
  names?: Maybe<string[]>;
  action: SeccompAction;
  errnoRet?: Maybe<number>;
  errno?: Maybe<string>;
  args?: Maybe<SeccompArgument[]>;
  comment?: Maybe<string>;
  includes?: Maybe<RuleCondition>;
  excludes?: Maybe<RuleCondition>;
}

/** What a profile file holds: the OCI form, and what Docker and Podman added to it. */
export interface ProfileFile {
  defaultAction: SeccompAction;
  defaultErrnoRet?: Maybe<number>;
  defaultErrno?: Maybe<string>;
  architectures?: Maybe<SeccompArchitecture[]>;
  archMap?: Maybe<ArchMapEntry[]>;
  flags?: Maybe<SeccompFlag[]>;
  listenerPath?: Maybe<string>;
  listenerMetadata?: Maybe<string>;
  syscalls?: Maybe<FileRule[]>;
}

/** {@link ProfileFile}. */
export function profileFile(): Check<ProfileFile> {
  const architectures = arrayOf(oneOf(SECCOMP_ARCHITECTURES));
  return where(
    object<ProfileFile>({
      defaultAction: required(seccompAction()),
      defaultErrnoRet: orNull(uint32),
      defaultErrno: orNull(errnoNameCheck),
      architectures: orNull(architectures),
      archMap: orNull(
        arrayOf(
          object<ArchMapEntry>({
            architecture: required(oneOf(SECCOMP_ARCHITECTURES)),
            subArchitectures: orNull(architectures),
          }),
        ),
      ),
      flags: orNull(arrayOf(oneOf(SECCOMP_FLAGS))),
      listenerPath: orNull(text),
      listenerMetadata: orNull(text),
      syscalls: orNull(arrayOf(rule())),
    }),
    oneListOfArchitectures,
  );
}

function rule(): Check<FileRule> {
  return where(
    object<FileRule>({
      name: orNull(text),
      names: orNull(arrayOf(text)),
      action: required(seccompAction()),
      errnoRet: orNull(uint32),
      errno: orNull(errnoNameCheck),
      args: orNull(arrayOf(seccompArgument())),
      comment: orNull(text),
      includes: orNull(condition()),
      excludes: orNull(condition()),
    }),
    nothingBut(['name', 'names', 'action', 'errnoRet', 'errno', 'args', 'comment', 'includes', 'excludes']),
    nameOrNames,
  );
}

function condition(): Check<RuleCondition> {
  return where(
    object<RuleCondition>({
      caps: orNull(arrayOf(matching(/^CAP_[A-Z_]{1,64}$/, "the name of a capability, such as 'CAP_SYS_ADMIN'"))),
      arches: orNull(arrayOf(text)),
      minKernel: orNull(matching(/^\d{1,4}\.\d{1,4}$/, "a version of Linux with two numbers, such as '4.8'")),
    }),
    nothingBut(['caps', 'arches', 'minKernel']),
  );
}

function orNull<T>(check: Check<T>): Check<T | null> {
  return (value, at, findings): value is T | null => value === null || check(value, at, findings);
}

/** A condition that is misspelt, or newer than this program, would leave a rule that counts always. */
function nothingBut(members: readonly string[]): Rule<object> {
  const known: ReadonlySet<string> = new Set(members);
  const allowed = `absent: only ${members.join(', ')} can be there`;
  return (value, at, findings) => {
    for (const [name, member] of Object.entries(value)) {
      if (!known.has(name)) report(findings, { path: memberPath(at, name), value: member, allowed });
    }
  };
}

function nameOrNames({ name, names }: FileRule, at: string, findings: Findings): void {
  const path = memberPath(at, 'names');
  if (isGiven(name) && isGiven(names)) {
    report(findings, { path, value: names, allowed: 'absent, as name is given' });
  }
  if (!isGiven(name) && !isGiven(names)) {
    report(findings, {
      path,
      value: names ?? undefined,
      allowed: 'an array with at least one name of a system call',
    });
  }
}

function oneListOfArchitectures(file: ProfileFile, at: string, findings: Findings): void {
  if (!isGiven(file.architectures) || !isGiven(file.archMap)) return;
  const path = memberPath(at, 'archMap');
  report(findings, { path, value: file.archMap, allowed: 'absent, as architectures is given' });
}

/** Text or a list with something in it: to the programs in Go an empty one is none. */
export function isGiven<T extends string | readonly unknown[]>(value: Maybe<T>): value is T {
  return value !== null && value !== undefined && value.length > 0;
}
