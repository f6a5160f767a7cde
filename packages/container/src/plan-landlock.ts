import { flags, LANDLOCK, landlockRuleset, resultOf, type Step, step } from '@coracle/syscalls';

/** The version of Landlock that has them: Linux 6.12. */
export const LANDLOCK_WITH_SCOPES = 6;

/**
 * Steps that keep a program from abstract sockets made by others, and from signals to others. Abstract sockets belong to
 * the network namespace; with the host's own network this is the only wall before the host's (CVE-2020-15257).
 *
 * Needs no_new_privs, or CAP_SYS_ADMIN in the user namespace of the process.
 * @see landlock(7), unix(7)
 */
export function stayInScope(): Step[] {
  const why = "keep it from the host's abstract sockets";
  const ruleset = landlockRuleset({
    scoped: flags(LANDLOCK, 'LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET', 'LANDLOCK_SCOPE_SIGNAL'),
  });
  return [
    step('landlock_create_ruleset', [ruleset, ruleset.bytes.length, 0], { why, result: 'ruleset' }),
    step('landlock_restrict_self', [resultOf('ruleset'), 0], why),
  ];
}
