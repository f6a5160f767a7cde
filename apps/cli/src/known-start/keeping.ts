import type { SentStart } from '@coracle/container';
import { nullStdio } from '@coracle/container/again';
import { isTerminal } from '@coracle/syscalls';
import { askedOf } from './asked.ts';
import { keptIn } from './kept-in.ts';
import { type KnownStart, keep } from './known-start.ts';
import { type Seen, Watch } from './watch.ts';

/** Where a packed program finds which build it is; one that is not packed knows no start. */
const BUILD = Symbol.for('coracle.build');

/** A start on its way to be known. */
export interface Keeping {
  /** It was sent: from here on nothing that is asked counts. */
  sent(sent: SentStart): void;
  /** It has succeeded. */
  done(said: KnownStart['said']): void;
  /** Nobody is to know it. */
  forget(): void;
}

/** Watches from now on how a start is planned, so that it can be known the next time; `undefined` where nobody would look. */
export function keepStart(): Keeping | undefined {
  const build = Reflect.get(globalThis, BUILD);
  const asked = typeof build === 'string' ? askedOf(process, { build, isTerminal, nullStdio }) : undefined;
  if (!asked) return undefined;
  const watch = new Watch();
  let known: { sent: SentStart; seen: Seen } | undefined;
  return {
    sent(sent) {
      const seen = watch.end(sent.stateRoot);
      known = seen && { sent, seen };
    },
    done(said) {
      if (!known) return;
      const { sent, seen } = known;
      known = undefined;
      const directory = keptIn(sent.stateRoot, process.env);
      if (directory !== undefined) keep(directory, { ...asked, ...seen, sent, said });
    },
    forget() {
      watch.end('');
      known = undefined;
    },
  };
}
