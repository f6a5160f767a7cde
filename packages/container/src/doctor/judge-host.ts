import type { Check } from './check.ts';
import type { HostFacts } from './host-facts.ts';
import { judgeCgroupVersion, judgeLimits } from './judge-cgroup.ts';
import { judgeIds } from './judge-ids.ts';
import { judgeCalls, judgeKernel, judgeLandlock, judgeLsm, judgeNamespaces, judgeSeccomp } from './judge-kernel.ts';
import { judgeAgent, judgeOverlay, judgeProc, judgeRoot, judgeUserNamespaces } from './judge-rights.ts';
import { judgeState } from './judge-state.ts';

/**
 * Judges recorded facts; pure. What stands first is what the rest depends on.
 * @example
 * judgeHost(await gatherFacts()).filter(({ status }) => status === 'missing');
 */
export function judgeHost(facts: HostFacts): Check[] {
  return [
    judgeKernel(facts),
    judgeCalls(facts),
    judgeNamespaces(facts),
    judgeAgent(facts),
    ...judgeRoot(facts),
    judgeUserNamespaces(facts),
    judgeIds(facts),
    ...judgeProc(facts),
    ...judgeOverlay(facts),
    judgeSeccomp(facts),
    judgeCgroupVersion(facts),
    ...judgeLimits(facts),
    judgeState(facts),
    judgeLandlock(facts),
    judgeLsm(facts),
  ];
}
