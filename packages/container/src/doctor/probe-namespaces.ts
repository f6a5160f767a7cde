import { errnoName } from '@coracle/errors';
import { cloneInit, type NamespaceType, planIdMaps, setHostname, writeIdMaps } from '@coracle/namespaces';
import { createProc } from '@coracle/procfs-mount';
import {
  Agent,
  Channel,
  ChannelClosedError,
  closeFd,
  flags,
  MS,
  mkdirat,
  mount,
  type Step,
  SyscallError,
  socketPair,
} from '@coracle/syscalls';
import { lookForMountCalls, olderCalls } from '../mount-calls.ts';
import type { Attempt, HostFacts } from './host-facts.ts';

/** What is found out by making namespaces for real. */
export type ProbeFacts = Pick<HostFacts, 'agent' | 'rootNamespaces' | 'userNamespace' | 'proc' | 'overlay'>;

const ROOT_NAMESPACES: readonly NamespaceType[] = ['mount', 'pid', 'uts', 'ipc', 'network'];
const DONE: Attempt = { ok: true };

/** Tries what a container needs in namespaces that are gone afterwards. Nothing outside of them changes. */
export async function probeNamespaces({ uid, gid }: { uid: number; gid: number }): Promise<ProbeFacts> {
  const agent = tryAgent();
  if (!agent.ok)
    return { agent, rootNamespaces: uid === 0 ? agent : undefined, userNamespace: agent, proc: agent, overlay: agent };
  const rootNamespaces =
    uid === 0 ? await attempt(() => inNamespaces({ namespaces: ROOT_NAMESPACES }, useRights)) : undefined;
  let [proc, overlay]: Attempt[] = [];
  const userNamespace = await attempt(() =>
    inNamespaces({ namespaces: ['user', ...ROOT_NAMESPACES], ids: { uid, gid } }, async (init) => {
      // First, so that masks are told of together with a filter; what is mounted in a user namespace stays in it.
      lookForMountCalls();
      const older = olderCalls({ kindOf: () => undefined });
      proc = await attempt(() => take(init, older?.translate(createProc()) ?? createProc()));
      overlay = await attempt(() => take(init, mountOverlay()));
      await useRights(init);
    }),
  );
  return { agent, rootNamespaces, userNamespace, proc: proc ?? userNamespace, overlay: overlay ?? userNamespace };
}

function tryAgent(): HostFacts['agent'] {
  try {
    using agent = Agent.spawn();
    return { ok: true, image: agent.image };
  } catch (error) {
    return refusal(error);
  }
}

async function attempt(action: () => Promise<void>): Promise<Attempt> {
  try {
    await action();
    return DONE;
  } catch (error) {
    return refusal(error);
  }
}

/** What the system refused is a fact about it; everything else is our own fault. */
function refusal(error: unknown): Extract<Attempt, { ok: false }> {
  if (error instanceof ChannelClosedError) return { ok: false, syscall: 'clone3', code: 'ECHILD' };
  if (!(error instanceof Error) || !('syscall' in error) || !('errno' in error)) throw error;
  const code = errnoName(Number(error.errno));
  if (code === undefined) throw error;
  return { ok: false, syscall: String(error.syscall), code };
}

async function take(init: Channel, steps: readonly Step[]): Promise<void> {
  const { failure } = await init.run({ steps });
  if (failure) throw new SyscallError(failure.step, failure.errno);
}

/** Some systems give out namespaces and then forbid to use them. */
function useRights(init: Channel): Promise<void> {
  const privately = mount(
    { source: null, target: '/', flags: flags(MS, 'MS_REC', 'MS_PRIVATE') },
    'keep mounts private',
  );
  return take(init, [privately, ...setHostname('coracle-doctor')]);
}

/** On a tmpfs that covers `/tmp` in the probe's own mount namespace. */
function mountOverlay(): Step[] {
  const why = 'mount an overlay';
  const directories = ['lower', 'upper', 'work', 'merged'];
  return [
    mount({ source: 'tmpfs', target: '/tmp', type: 'tmpfs' }, why),
    ...directories.map((name) => mkdirat({ path: `/tmp/${name}` }, why)),
    mount(
      {
        source: 'overlay',
        target: '/tmp/merged',
        type: 'overlay',
        data: 'lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work,userxattr',
      },
      why,
    ),
  ];
}

interface Wanted {
  namespaces: readonly NamespaceType[];
  /** Mapped to root of the user namespace, if there is one. */
  ids?: { uid: number; gid: number };
}

async function inNamespaces({ namespaces, ids }: Wanted, action: (init: Channel) => Promise<void>): Promise<void> {
  const [ours, theirs] = socketPair();
  const init = new Channel(ours);
  let monitor: Agent | undefined;
  try {
    try {
      monitor = Agent.spawn({ fds: [theirs], title: 'coracle: doctor' });
    } finally {
      closeFd(theirs);
    }
    const message = monitor.channel.post({ steps: cloneInit({ namespaces }) });
    const born = await monitor.channel.report(message);
    born?.throwIfFailed();
    await init.report(message);
    const maps = ids && planIdMaps({ ...ids, subuids: [], subgids: [], hasNewidmap: false });
    if (maps) await writeIdMaps(born?.result('init') ?? 0, maps);
    await action(init);
  } finally {
    init.close();
    monitor?.close();
  }
}
