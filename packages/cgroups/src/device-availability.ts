import { type Availability, type Findings, notWritableV1 } from './availability.ts';
import { notMounted } from './not-mounted.ts';
import type { Obstacle } from './obstacle.ts';
import type { DeviceRights } from './rights.ts';

/**
 * Whether the caller can set rules for devices: on version 1 with the controller's files, otherwise on version 2, whose
 * programs need no controller and work beside version 1 too.
 */
export function deviceAvailability(findings: Findings, rights: DeviceRights): Availability {
  const { own, v1, v2 } = findings;
  if (v1.devices !== undefined && rights.v1) return { version: 'v1' };
  if (v2 && 'parent' in v2 && rights.v2) return { version: 'v2' };
  if (!rights.v2) return { version: undefined, ...noRight(rights) };
  if (own.v1.devices !== undefined) return { version: undefined, ...notWritableV1('devices', own) };
  return { version: undefined, ...(v2 && 'reason' in v2 ? v2 : notMounted('devices', findings)) };
}

function noRight({ mayMakeNodes }: DeviceRights): Obstacle {
  if (mayMakeNodes) {
    return {
      reason: 'rules for devices need CAP_SYS_ADMIN, which the caller lacks although it may make device nodes',
      fix: 'run with all rights of root: start the container around this with --cap-add SYS_ADMIN, or --privileged',
    };
  }
  return {
    reason:
      'only root can set rules for devices; without root no device node can be made, and those that are there keep their permissions',
    fix: 'nothing to do; as root the rules are set too',
  };
}
