import { posix } from 'node:path';
import {
  AT,
  FSCONFIG,
  flags,
  MOUNT_ATTR,
  MS,
  mount,
  OPEN,
  OPEN_TREE,
  openat2,
  type Purpose,
  RESOLVE,
  resultOf,
  type Step,
} from '@coracle/syscalls';
import type { PathKind } from '../hide.ts';
import { IN_ROOT } from '../mounts.ts';
import { cannot } from './cannot.ts';
import type { Restriction } from './check-mounts.ts';
import type { MountedTree } from './host-tree.ts';
import { isSame, type MountWords, mountFlags, withAttributes, wordsOfAttributes } from './mount-words.ts';
import { attributesOf, numberAt, resultAt, textAt } from './read-step.ts';
import { holdProc, leaveStage, makeStage, openStaged, pathOf, place, throughProc } from './stage.ts';

/** What has to be known to say with mount(2) what the newer calls say. */
export interface OlderCallsOptions {
  /** What a path of the host lies in: {@link hostTree}. */
  treeOf: (path: string) => MountedTree;
  /** What a path of the kernel's own file systems is, as for `maskPaths`. */
  kindOf: (path: string) => PathKind;
  /** Why the newer calls are not to be had, after "mount_setattr, which ...": `'Linux 5.10 does not have'`. */
  reason: string;
}

/** A file system that is being made. */
interface Filesystem {
  type: string;
  source: string;
  data: string[];
}

/** A mount that a result of the program is. */
interface Made extends Omit<MountedTree, 'kind'> {
  restriction: Restriction;
  /** Where in the container it is. */
  at?: string;
}

/** The caller makes them, attached nowhere, and hands them over. */
const MAPPED = 'mapping the ids of files to those of the container';
const NOTHING: ReadonlySet<string> = new Set();
const UNRESTRICTED: Restriction = { top: NOTHING, tree: NOTHING };

/**
 * Says with mount(2) what the steps of this project say with the calls of Linux 5.2 and 5.12: open_tree, fsopen, fsconfig, fsmount,
 * mount_setattr and move_mount. Nobody else has to know of the older ways.
 *
 * Each mount is made on a stage, gets its attributes there, and is moved to the same opened mountpoint. It remembers what the
 * steps have made, so one of these goes with one program.
 * @see mount(2)
 * @example
 * new OlderCalls({ treeOf: (path) => hostTree(path, mounts), kindOf, reason }).translate(enterNewRoot({ kind: 'tmpfs' }));
 */
export class OlderCalls {
  readonly #options: OlderCallsOptions;
  readonly #filesystems = new Map<string, Filesystem>();
  readonly #mounts = new Map<string, Made>();
  /** What was opened in the container: paths by result. */
  readonly #places = new Map<string, string>();
  /** What was made in mounts, as in `nothing/file`. */
  readonly #files = new Set<string>();
  /** How things are mounted in the container, by path. */
  readonly #attached = new Map<string, MountWords>();
  readonly #restrictions = new Map<string, Restriction>();
  #holdsProc = false;
  #hasStage = false;
  #isInside = false;

  constructor(options: OlderCallsOptions) {
    this.#options = options;
  }

  /** What must hold in the container, by mountpoint, once the translated steps were taken: for {@link checkMounts}. */
  get restrictions(): ReadonlyMap<string, Restriction> {
    return this.#restrictions;
  }

  /**
   * The steps, in the older calls.
   * @throws SystemError ENOSYS for what those cannot do: mounts with mapped ids, mounts that stay connected with the host's
   */
  translate(steps: readonly Step[]): Step[] {
    const translated = steps.flatMap((step) => this.#one(step));
    if (!this.#hasStage || !this.#isInside) return translated;
    this.#hasStage = false;
    return [...translated, leaveStage('/..')];
  }

  #one(step: Step): Step[] {
    switch (step.syscall) {
      case 'fsopen':
        this.#filesystems.set(step.result ?? '', { type: textAt(step, 0), source: textAt(step, 0), data: [] });
        return [];
      case 'fsconfig':
        this.#configure(step);
        return [];
      case 'close':
        return this.#filesystems.has(resultAt(step, 0) ?? '') ? [] : [step];
      case 'fsmount':
        return this.#create(step);
      case 'open_tree':
        return this.#copy(step);
      case 'mount_setattr':
        return this.#restrict(step);
      case 'move_mount':
        return this.#attach(step);
      case 'pivot_root':
        return this.#enter(step);
      default:
        this.#note(step);
        return [step];
    }
  }

  /** Remembers what a step that stays as it is opens or makes. */
  #note(step: Step): void {
    const from = resultAt(step, 0);
    const path = textAt(step, 1);
    if (step.syscall === 'openat2' && step.result !== undefined) {
      const top = this.#mounts.get(from ?? '')?.at ?? '/';
      this.#places.set(step.result, posix.join('/', top, path));
    }
    if (step.syscall === 'mknodat' && from !== undefined) this.#files.add(`${from}/${path}`);
  }

  #configure(step: Step): void {
    const filesystem = this.#filesystems.get(resultAt(step, 0) ?? '');
    const command = numberAt(step, 1);
    if (!filesystem || command === FSCONFIG.FSCONFIG_CMD_CREATE) return;
    const [key, value] = [textAt(step, 2), step.args[3]];
    if (key === 'source') filesystem.source = textAt(step, 3);
    else filesystem.data.push(typeof value === 'string' ? `${key}=${value}` : key);
  }

  #create(step: Step): Step[] {
    const { type, source, data } = this.#filesystems.get(resultAt(step, 0) ?? '') ?? { type: '', source: '', data: [] };
    // mount(2) takes them as one text, in which a comma ends an option.
    const divided = data.find((option) => option.includes(','));
    if (divided !== undefined) throw cannot(`the option ${divided}, with a comma in it,`, this.#options.reason);
    const words = wordsOfAttributes(numberAt(step, 2));
    const { why } = step;
    const options = { type, flags: mountFlags(words), data: data.length === 0 ? null : data.join(',') };
    this.#mounts.set(step.result ?? '', { words, below: [], restriction: UNRESTRICTED });
    return this.#stage(mount({ source, target: pathOf('stage', '/directory'), ...options }, why), {
      kind: 'directory',
      purpose: { why, ...named(step) },
    });
  }

  /** Has something mounted on the stage and opens it there, as the result that the step gave. */
  #stage(make: Step, { kind, purpose }: { kind: 'file' | 'directory'; purpose: Exclude<Purpose, string> }): Step[] {
    const { why } = purpose;
    const prepare = [...(this.#holdsProc ? [] : [holdProc(why)]), ...(this.#hasStage ? [] : makeStage(why))];
    this.#holdsProc = true;
    this.#hasStage = true;
    return [...prepare, ...throughProc([make], why), openStaged(kind, purpose)];
  }

  #copy(step: Step): Step[] {
    const { why } = step;
    const isWhole = (numberAt(step, 2) & AT.AT_RECURSIVE) !== 0;
    if ((numberAt(step, 2) & OPEN_TREE.OPEN_TREE_CLONE) === 0)
      throw new TypeError(`open_tree (${why}): only copies can be had`);
    const from = resultAt(step, 0);
    const path = textAt(step, 1);
    const { kind, words, below } = this.#treeAt(from, path, why);
    this.#mounts.set(step.result ?? '', { words, below: isWhole ? below : [], restriction: UNRESTRICTED });
    // A place that was not found is passed over, and all that comes of it.
    const needs = from === undefined ? {} : { needs: 'what to copy' };
    const bind = mount(
      {
        source: from === undefined ? path : pathOf('from', path === '' ? '' : `/${path}`),
        target: pathOf('stage', `/${kind}`),
        flags: flags(MS, 'MS_BIND', ...(isWhole ? (['MS_REC'] as const) : [])),
      },
      { why, ...needs },
    );
    return [
      ...(from === undefined ? [] : [place(resultOf(from), 'from', { why, result: 'what to copy' })]),
      ...this.#stage(bind, { kind, purpose: { why, ...named(step), ...needs } }),
    ];
  }

  /** What is at a path of the host, of a mount of the program, or in the container. */
  #treeAt(from: string | undefined, path: string, why: string): MountedTree {
    if (from === undefined) return this.#options.treeOf(path);
    const made = this.#mounts.get(from);
    if (made) return { kind: this.#files.has(`${from}/${path}`) ? 'file' : 'directory', words: made.words, below: [] };
    const found = this.#places.get(from);
    // Something else that is open, such as a terminal.
    if (found === undefined) return { kind: 'file', words: NOTHING, below: [] };
    const kind = this.#options.kindOf(found);
    if (!/^\/(proc|sys)\//.test(found) || kind === undefined)
      throw cannot(`to ${why}, a copy of ${found} of the root`, this.#options.reason);
    return { kind, words: this.#wordsAt(found), below: this.#belowOf(found) };
  }

  #wordsAt(path: string): MountWords {
    for (let at = path; at !== '/'; at = posix.dirname(at)) {
      const words = this.#attached.get(at);
      if (words) return words;
    }
    return this.#attached.get('/') ?? NOTHING;
  }

  #belowOf(top: string): { path: string; words: MountWords }[] {
    const inside = top === '/' ? '/' : `${top}/`;
    return [...this.#attached]
      .filter(([path]) => path !== top && path.startsWith(inside))
      .map(([path, words]) => ({ path: path.slice(inside.length), words }));
  }

  #restrict(step: Step): Step[] {
    const { set, clear, propagation } = attributesOf(step);
    const { reason } = this.#options;
    if ((set & MOUNT_ATTR.MOUNT_ATTR_IDMAP) !== 0) throw cannot(MAPPED, reason);
    if (propagation !== 0 && propagation !== MS.MS_PRIVATE)
      throw cannot("mounts that stay connected with the host's (slave, shared)", reason);
    const { why } = step;
    // What may be refused is left: what a mount has after it has to be known for all that comes.
    if (step.tolerate?.includes('EPERM')) return [];
    const name = resultAt(step, 0);
    const again = (words: MountWords): MountWords => withAttributes(words, { set, clear });
    if (name === undefined) {
      const words = again(this.#wordsAt('/'));
      this.#attached.set('/', words);
      return [remount('/', words, why)];
    }
    const made = this.#mounts.get(name);
    if (!made) throw cannot(MAPPED, reason);
    const isWhole = (numberAt(step, 2) & AT.AT_RECURSIVE) !== 0;
    const [top, below] = [again(made.words), made.below.map(({ path, words }) => ({ path, words: again(words) }))];
    const changed = isWhole
      ? below.filter(({ words }, index) => !isSame(words, made.below[index]?.words ?? NOTHING))
      : [];
    this.#mounts.set(name, {
      words: top,
      below: isWhole ? below : made.below,
      restriction: restrictedBy(made.restriction, { words: wordsOfAttributes(set), isWhole }),
    });
    return [
      ...(isSame(top, made.words) ? [] : this.#remountOpened(resultOf(name), top, why)),
      ...changed.flatMap(({ path, words }) => [
        openat2(
          { dir: resultOf(name), path, flags: flags(OPEN, 'O_PATH', 'O_CLOEXEC'), resolve: NO_LINKS },
          { why, result: 'below' },
        ),
        ...this.#remountOpened(resultOf('below'), words, why),
      ]),
    ];
  }

  #remountOpened(opened: { kind: 'result'; of: string }, words: MountWords, why: string): Step[] {
    return [
      place(opened, 'from', { why, result: 'what to restrict' }),
      ...throughProc([remount(pathOf('from'), words, { why, needs: 'what to restrict' })], why),
    ];
  }

  #attach(step: Step): Step[] {
    const { why } = step;
    const [from, to] = [resultAt(step, 0) ?? '', resultAt(step, 2)];
    if (to !== undefined && textAt(step, 3) !== '') return this.#attachBelow(step, to);
    const made = this.#mounts.get(from);
    if (!made) throw cannot(MAPPED, this.#options.reason);
    const at = to === undefined ? textAt(step, 3) : this.#places.get(to);
    if (at !== undefined && !(at === '/' && this.#isInside)) this.#arrive(from, made, at);
    const target = to === undefined ? textAt(step, 3) : pathOf('to');
    const move = mount(
      { source: pathOf('from'), target, flags: flags(MS, 'MS_MOVE') },
      {
        why,
        needs: to === undefined ? 'what to move' : 'where to',
        ...(step.tolerate ? { tolerate: step.tolerate } : {}),
      },
    );
    return [
      place(resultOf(from), 'from', { why, result: 'what to move' }),
      ...(to === undefined ? [] : [place(resultOf(to), 'to', { why, result: 'where to', needs: 'what to move' })]),
      ...throughProc([move], why),
    ];
  }

  /** A place that is named by an opened directory and a path in it is opened first. */
  #attachBelow(step: Step, directory: string): Step[] {
    const { why, tolerate, args } = step;
    const [from = null, , , path, flag = null] = args;
    const find = openat2(
      {
        dir: resultOf(directory),
        path: typeof path === 'string' ? path : '',
        flags: flags(OPEN, 'O_PATH', 'O_NOFOLLOW', 'O_CLOEXEC'),
        resolve: IN_ROOT,
      },
      { why, result: 'place', ...(tolerate ? { tolerate } : {}) },
    );
    this.#note(find);
    return [find, ...this.#attach({ ...step, args: [from, '', resultOf('place'), '', flag] })];
  }

  /** Notes what is now mounted where; what was there before is covered. */
  #arrive(name: string, made: Made, at: string): void {
    for (const { path } of this.#belowOf(at)) this.#attached.delete(posix.join(at, path));
    this.#attached.set(at, made.words);
    for (const { path, words } of made.below) this.#attached.set(posix.join(at, path), words);
    this.#mounts.set(name, { ...made, at });
    this.#restrictions.set(at, made.restriction);
  }

  /** The stage lies on the old root, which pivot_root(2) has just put on the new one: it is what umount2(2) finds first. */
  #enter(step: Step): Step[] {
    this.#isInside = true;
    if (!this.#hasStage) return [step];
    this.#hasStage = false;
    return [step, leaveStage('.')];
  }
}

/** What is mounted below may not be looked for elsewhere, whoever exchanges directories for links meanwhile. */
const NO_LINKS = flags(RESOLVE, 'RESOLVE_IN_ROOT', 'RESOLVE_NO_SYMLINKS', 'RESOLVE_NO_MAGICLINKS');

function named({ result }: Step): { result?: string } {
  return result === undefined ? {} : { result };
}

function remount(target: string, words: MountWords, purpose: Purpose): Step {
  return mount({ source: null, target, flags: mountFlags(words, 'MS_REMOUNT', 'MS_BIND') }, purpose);
}

function restrictedBy(before: Restriction, { words, isWhole }: { words: MountWords; isWhole: boolean }): Restriction {
  const more = (old: MountWords): MountWords => new Set([...old, ...words]);
  return { top: more(before.top), tree: isWhole ? more(before.tree) : before.tree };
}
