import {
  enterDetachedRoot,
  enterNewRoot,
  leaveForDetachedRoot,
  leaveOldRoot,
  makeRootReadOnly,
  openMountpoint,
  parseMountOptions,
} from '@coracle/chroot-fs';
import { createProc } from '@coracle/procfs-mount';
import {
  AT,
  AT_FDCWD,
  close,
  type Flags,
  flags,
  MS,
  mount,
  mountSetattr,
  resultOf,
  type Step,
} from '@coracle/syscalls';
import { takeIdmapped } from '../idmapped/plan-idmapped.ts';
import { withContext } from '../labels/label-mounts.ts';
import { hasOwnMounts } from '../plan/own-mounts.ts';
import { holdForMasks, type InitPlan } from '../plan/plan-init.ts';
import type { Normalized } from './normalize.ts';
import { placeForHooks } from './place-for-hooks.ts';
import { type DevicePlan, planDevices } from './plan-devices.ts';
import { type MountsContext, planMounts } from './plan-mounts.ts';

/** What the files of a container depend on beside its configuration. */
export interface FilesContext extends MountsContext {
  devices: DevicePlan;
}

/**
 * The files of a configuration's container: root, mounts in their order, devices, and what becomes of the root at last. What the
 * host mounts later shows below bind mounts, as with runc, unless a mount or the root says otherwise; nothing goes the other way
 * unless the root is `shared`.
 *
 * In a mount namespace that is not its own nothing is attached where others would see it.
 */
export function planFiles(config: Normalized, context: FilesContext): (plan: InitPlan) => Step[] {
  const { early, make, finish } = planMounts(config, context);
  const isOwn = hasOwnMounts(config);
  return (plan) => [
    ...takeIdmapped(plan.idmapped),
    ...early,
    ...(isOwn ? [connect(config)] : []),
    ...holdForMasks(plan),
    ...(isOwn
      ? enterNewRoot(plan.root, withContext([], config.linux.mountLabel))
      : enterDetachedRoot({ kind: 'bind', path: config.root.path })),
    ...make,
    ...planDevices(context.devices),
    ...makeConsolePlace(config),
    ...makeWorkingDirectory(config),
    ...finish,
    ...(isOwn ? [...placeForHooks(config), ...leaveOldRoot()] : leaveForDetachedRoot()),
    ...connectRoot(config),
    ...(config.root.readonly ? [makeRootReadOnly()] : []),
    ...(needsProc(config) ? createProc() : []),
  ];
}

/** Where /dev is read-only in the end, the place that the terminal is shown at is made while it is not. */
function makeConsolePlace({ process, root, mounts }: Normalized): Step[] {
  const dev = mounts.filter(({ destination }) => destination === '/dev').at(-1);
  const asksReadOnly = dev?.options?.some((option) => /^r?ro$/.test(option));
  const isReadOnly = dev ? dev.type === 'tmpfs' && asksReadOnly : root.readonly;
  if (!process.terminal || !isReadOnly) return [];
  return makePlace('/dev/console', 'file');
}

/** Where the root is read-only in the end, likewise: other runtimes make it. */
function makeWorkingDirectory({ process, root }: Normalized): Step[] {
  return root.readonly && process.cwd !== '/' ? makePlace(process.cwd, 'directory') : [];
}

function makePlace(path: string, kind: 'file' | 'directory'): Step[] {
  const why = `make a place for ${path}`;
  return [...openMountpoint({ root: resultOf('rootfs'), path, kind }, why), close(resultOf('target'), why)];
}

/** How the root of a configuration is connected with the host's mounts, and whether all below it is as well. */
function rootPropagation({ linux }: Normalized): { kind: Flags; recursive: boolean } | undefined {
  const word = linux.rootfsPropagation;
  const kind = word === undefined ? undefined : parseMountOptions([word]).propagation;
  return kind && { kind, recursive: word?.startsWith('r') ?? false };
}

/** The copy of the host's mounts that the container begins with: none of its mounts is to reach the host. */
function connect(config: Normalized): Step {
  const value = rootPropagation(config)?.kind.value;
  const kind = value === MS.MS_PRIVATE || value === MS.MS_UNBINDABLE ? 'MS_PRIVATE' : 'MS_SLAVE';
  return mount(
    { source: null, target: '/', flags: flags(MS, 'MS_REC', kind) },
    'keep every mount of the container to itself',
  );
}

/** Not before it is the root: pivot_root takes none that is shared. */
function connectRoot(config: Normalized): Step[] {
  const wanted = rootPropagation(config);
  if (!wanted || wanted.kind.value === MS.MS_PRIVATE) return [];
  return [
    mountSetattr(
      {
        mount: AT_FDCWD,
        path: '/',
        flags: wanted.recursive ? flags(AT, 'AT_RECURSIVE') : flags(AT),
        propagation: wanted.kind,
      },
      `make the root ${config.linux.rootfsPropagation}`,
    ),
  ];
}

/** Kernel settings are written through a proc; one that is attached nowhere does. */
function needsProc({ linux, mounts }: Normalized): boolean {
  const hasSettings = Object.keys(linux.sysctl ?? {}).length > 0;
  return hasSettings && !mounts.some(({ type, destination }) => type === 'proc' && destination === '/proc');
}
