import { closeSync, constants, openSync } from 'node:fs';
import { isErrno, SystemError } from '@coracle/errors';
import { writeIdMaps } from '@coracle/namespaces';
import { Agent, Channel, closeFd, type Message, pidfdOpen, socketPair } from '@coracle/syscalls';
import { giveIdmapped } from '../idmapped/give-idmapped.ts';
import type { Plan } from '../plan/plan.ts';
import { identityOf, type ProcessIdentity } from '../process-identity.ts';
import { stepError } from '../step-error.ts';
import { planDetachedBirth } from './plan-birth.ts';
import { beginUnit, settleUnit } from './systemd/life-of-unit.ts';
import type { PlannedUnit } from './systemd/plan-unit.ts';

/** The first process of a container that nobody of ours watches: an orphan, which the engine takes in. */
export interface Newborn {
  identity: ProcessIdentity;
  /** Its descriptor, to be closed by the caller. */
  pidfd: number;
  /** Programs go to it here. */
  channel: Channel;
  /** What it reports first is of its own birth. */
  birth: Message;
  /** Where it sends its terminal; to be closed by the caller. */
  handover: number | undefined;
  /** What it is still to be sent. */
  messages: InitMessages;
  /** What it was born of: it has been ended, and is to be closed, which buries it. */
  agent: Agent;
}

/** What brings an init to its program. */
export interface InitMessages {
  setup: Message;
  /** Sent when all of that is done: what waits for the start, and follows it. */
  start: Message;
}

/** What an agent gives birth with. */
export interface BirthOptions {
  /** The listening socket that the start will come through. */
  door: number;
  /** Descriptors of this process that the program is to have from 3 on. */
  preserved: readonly number[];
  /** The unit of systemd's that the agent, and with it all that it gives birth to, is put into first; none if absent. */
  unit?: PlannedUnit | undefined;
  /** Makes what the init is to be sent; called while the kernel makes the namespaces. */
  messages(): InitMessages;
}

/**
 * Makes the cgroup, the namespaces and the init of a container. The agent that does it ends when this resolves.
 * @throws SystemError naming the step that failed; the cgroup may be left
 */
export async function giveBirth(
  plan: Plan,
  { door, preserved, unit, messages: makeMessages }: BirthOptions,
): Promise<Newborn> {
  const [ours, theirs] = socketPair();
  const channel = new Channel(ours);
  const hasHandover = plan.terminal || plan.idmapped.length > 0;
  const handover = hasHandover ? socketPair() : undefined;
  const nothing = openSync('/dev/null', constants.O_RDWR);
  let agent: Agent | undefined;
  let pidfd: number | undefined;
  try {
    const given = [theirs, handover?.[1] ?? nothing, nothing, door, ...preserved];
    try {
      agent = Agent.spawn({ fds: given, title: `coracle: container ${plan.id}` });
    } finally {
      closeFd(theirs);
    }
    if (unit) await beginUnit(unit, agent.pid);
    const birth = agent.channel.post(planDetachedBirth(plan.birth, { preserved: preserved.length }));
    const messages = makeMessages();
    const report = await agent.channel.report(birth);
    if (report?.failure) throw stepError(report.failure);
    const pid = report?.result('init');
    if (pid === undefined) throw notBorn();
    // While the agent lives its child is not buried, so that the number is surely still its own.
    pidfd = openProcess(pid);
    const identity = identityOf(pid);
    if (!identity) throw notBorn();
    agent.channel.close(); // its end: to wait for that would take as long as the making of a namespace
    if (unit) await settleUnit(unit);
    if (plan.idMaps) await writeIdMaps(pid, plan.idMaps);
    if (handover && plan.idmapped.length > 0)
      await giveIdmapped(plan.idmapped, { pid, idMaps: plan.idMaps, socket: handover[0] });
    return { identity, pidfd, channel, birth, handover: handover?.[0], messages, agent };
  } catch (error) {
    // The end of its socket is the end of the init too.
    channel.close();
    agent?.close();
    if (pidfd !== undefined) closeFd(pidfd);
    if (handover) closeFd(handover[0]);
    throw error;
  } finally {
    closeSync(nothing);
    if (handover) closeFd(handover[1]);
  }
}

function openProcess(pid: number): number {
  try {
    return pidfdOpen(pid);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) throw notBorn();
    throw error;
  }
}

function notBorn(): SystemError {
  return new SystemError({
    code: 'ECHILD',
    syscall: 'clone3',
    text: 'the first process of the container ended as soon as it was born',
    hint: 'is the pids or memory limit too low? See also the kernel log',
  });
}
