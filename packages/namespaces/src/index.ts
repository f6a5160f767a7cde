/**
 * Namespaces as steps: making a container's first process, entering those of another, and what is set inside them.
 *
 * The steps are plain data for an executor of `@coracle/syscalls`. Id maps are planned by pure functions; only
 * {@link writeIdMaps} and {@link namespaceInode} touch the machine.
 * @module
 */
export { type CloneInitOptions, cloneInit } from './clone-init.ts';
export { setDomainname, setHostname } from './hostname.ts';
export { checkIdMap, formatIdMap, type IdMapping, MAX_MAP_LINES, parseIdMap } from './id-map.ts';
export { joinNamespaces } from './join-namespaces.ts';
export { loopbackUp } from './loopback.ts';
export { namespaceInode } from './namespace-inode.ts';
export { namespaceOwner } from './namespace-owner.ts';
export { NAMESPACE_TYPES, type NamespaceType, namespaceFile, namespaceFlags } from './namespace-type.ts';
export {
  type IdMapHelpers,
  type IdMaps,
  isMapped,
  type OwnIds,
  planIdMaps,
  type RootIdOptions,
  rootIdMaps,
  sameIdMaps,
  type UserIdFacts,
} from './plan-id-maps.ts';
export { rootIdShares } from './root-id-shares.ts';
export { parseSubids, type SubidOwner, type SubidRange } from './subids.ts';
export { type ClockOffset, enterTimeOffsets, type TimeOffsets, timeOffsets } from './time-offsets.ts';
export { type WriteIdMapsOptions, writeIdMaps } from './write-id-maps.ts';
