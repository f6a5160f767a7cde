import { askForRights } from '../ids/rights-of-root.ts';
import { whyNoOverlay } from '../mount-calls.ts';
import { type Check, check, type Finding } from './check.ts';
import { setting } from './fix.ts';
import type { Attempt, HostFacts } from './host-facts.ts';

type Failure = Extract<Attempt, { ok: false }>;

const NESTED =
  'start the container around this with --security-opt seccomp=unconfined --security-opt apparmor=unconfined';

/** Whether root can make namespaces with its own rights. No check for others. */
export function judgeRoot(facts: HostFacts): Check[] {
  return facts.rootNamespaces ? [check('root', 'the rights to make containers as root', findRights(facts))] : [];
}

function findRights({ rootNamespaces, lackingRights, inUserNamespace }: HostFacts): Finding {
  const withOwnIds = `run with --userns ${inUserNamespace ? 'keep-id' : 'auto'}`;
  if (inUserNamespace)
    return {
      status: 'warning',
      found: 'root of a user namespace, as in a container of rootless podman: it can make no device nodes',
      fix: withOwnIds,
    };
  if (lackingRights.length > 0)
    return {
      status: 'missing',
      found: `lacks ${lackingRights.join(', ')}, as inside another container`,
      fix: `${askForRights(lackingRights)}, or ${withOwnIds}`,
    };
  if (!rootNamespaces || rootNamespaces.ok) return { status: 'ok', found: 'can make all namespaces' };
  const { syscall, code } = rootNamespaces;
  return { status: 'missing', found: `${syscall} failed with ${code}`, fix: NESTED };
}

/** Whether user namespaces can be made here by this user, and used. */
export function judgeUserNamespaces(facts: HostFacts): Check {
  const needed = 'user namespaces: containers of ordinary users live in one';
  const { userNamespace, user } = facts;
  if (userNamespace.ok)
    return check('user namespaces', needed, { status: 'ok', found: `user ${user.name} can make and use them` });
  const { found, fix } = whyNoUserNamespace(facts, userNamespace);
  return check('user namespaces', needed, { status: dependsOnThem(facts) ? 'missing' : 'warning', found, fix });
}

/** Root makes its containers without a user namespace, but not where it is in one itself. */
function dependsOnThem({ user, inUserNamespace }: HostFacts): boolean {
  return user.uid !== 0 || inUserNamespace;
}

function whyNoUserNamespace({ settings, namespaces }: HostFacts, { syscall, code }: Failure): Omit<Finding, 'status'> {
  const refusal = `${syscall} failed with ${code}`;
  if (!namespaces.includes('user')) return { found: 'the kernel was built without CONFIG_USER_NS' };
  if (settings.maxUserNamespaces === '0')
    return {
      found: 'none are allowed: user.max_user_namespaces is 0',
      fix: setting('user.max_user_namespaces', 15000),
    };
  if (settings.unprivilegedUsernsClone === '0')
    return {
      found: 'only root may make them: kernel.unprivileged_userns_clone is 0',
      fix: setting('kernel.unprivileged_userns_clone', 1),
    };
  if (settings.apparmorRestrictsUserns === '1')
    return {
      found: `AppArmor takes all rights away in them (${refusal}): kernel.apparmor_restrict_unprivileged_userns is 1`,
      fix: setting('kernel.apparmor_restrict_unprivileged_userns', 0),
    };
  if (code === 'ENOSPC')
    return {
      found: `the ${settings.maxUserNamespaces ?? ''} allowed are in use: user.max_user_namespaces`,
      fix: setting('user.max_user_namespaces', 2 * Number(settings.maxUserNamespaces ?? 15000)),
    };
  return { found: `${refusal}: a chroot or a filter of a container around this forbids them`, fix: NESTED };
}

/** Whether a container in a user namespace can have a /proc: not where the own one is masked. */
export function judgeProc(facts: HostFacts): Check[] {
  const { proc, userNamespace } = facts;
  const isMasked = !proc.ok && (proc.syscall === 'fsmount' || proc.syscall === 'mount') && proc.code === 'EPERM';
  if (!userNamespace.ok && !isMasked) return [];
  const needed = 'an unmasked /proc, for the kernel gives a user namespace no fuller view than its maker has';
  if (proc.ok) return [check('proc', needed, { status: 'ok', found: 'can be mounted in a user namespace' })];
  return [
    check('proc', needed, {
      status: dependsOnThem(facts) ? 'missing' : 'warning',
      found: isMasked
        ? 'parts of /proc are masked, as inside another container'
        : `${proc.syscall} failed with ${proc.code}`,
      fix: isMasked
        ? 'start the container around this with --security-opt systempaths=unconfined (podman: --security-opt unmask=ALL)'
        : undefined,
    }),
  ];
}

/** Whether containers of ordinary users can have an overlay for their changes. */
export function judgeOverlay({ overlay, userNamespace, kernel }: HostFacts): Check[] {
  if (!userNamespace.ok) return [];
  const needed = 'overlay mounts in user namespaces, for writable copies of a root that cost nothing (Linux 5.11)';
  if (overlay.ok) return [check('overlay', needed, { status: 'ok', found: 'can be mounted in a user namespace' })];
  const isAbsent = overlay.code === 'ENODEV';
  const reason = overlay.code === 'EPERM' ? whyNoOverlay(kernel) : undefined;
  const found = `${overlay.syscall} failed with ${overlay.code}${reason ? `: ${reason}` : ''}`;
  return [
    check('overlay', needed, {
      status: 'warning',
      found: isAbsent ? 'the module overlay is not loaded' : found,
      fix: isAbsent ? 'sudo modprobe overlay && echo overlay | sudo tee /etc/modules-load.d/overlay.conf' : undefined,
    }),
  ];
}

/** Whether the agent can be run out of memory. */
export function judgeAgent({ agent, settings: { memfdNoexec } }: Pick<HostFacts, 'agent' | 'settings'>): Check {
  const needed =
    'a way to run the agent: executable memory files, or a directory for temporary files that is not noexec';
  if (!agent.ok) {
    const fix =
      memfdNoexec === '2' ? setting('vm.memfd_noexec', 1) : 'set TMPDIR to a directory where programs may run';
    return check('agent', needed, { status: 'missing', found: `${agent.syscall} failed with ${agent.code}`, fix });
  }
  if (agent.image !== 'file') return check('agent', needed, { status: 'ok', found: 'runs from sealed memory' });
  return check('agent', needed, {
    status: 'warning',
    found: 'runs from a deleted file, for the kernel forbids executable memory files',
    fix: memfdNoexec === '2' ? setting('vm.memfd_noexec', 1) : undefined,
  });
}
