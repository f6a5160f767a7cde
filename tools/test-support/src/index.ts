/**
 * What the tests of several packages share. Never shipped.
 * @module
 */

export { buildApp } from './build-app.mjs';
export { bundledProgram } from './bundled-program.ts';
export { type CommandCopy, copyApp, copyCommand, PLAIN_USER, type RunCommandOptions } from './command.ts';
export { Docker, dockerWorks } from './docker.ts';
export { makeEmptyRoot } from './empty-root.ts';
export { findLeftovers, type Leftovers, recordedContainers } from './leftovers.ts';
export { needs, type Requirement } from './needs.ts';
export { expectNothingLeft } from './nothing-left.ts';
export {
  machineWith,
  type OwnSystemd,
  onlyVersion2,
  PROGRAMS,
  SYSTEMD,
  type SystemdUser,
  startSystemd,
  until,
  writeUnits,
} from './own-systemd.ts';
export { groupsNamed, NOBODY, NODE, Podman, removeGroup, type Said, whyNoPodman } from './podman.ts';
export { type BusyboxRootfs, makeBusyboxRootfs } from './rootfs.ts';
export { type AgentManner, type SeccompAgent, type SentToAgent, startSeccompAgent } from './seccomp-agent.ts';
export { withoutRest } from './without-rest.ts';
