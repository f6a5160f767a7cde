const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

/** Who is given signals. */
export interface Receiver {
  kill(signal: NodeJS.Signals): void;
}

/** Signals of this process on their way to a container. */
export interface SignalForwarding {
  /** The container is there: it gets what has come so far and all that comes from now on. */
  to(container: Receiver): void;
  /** From now on signals mean to this process what they usually do. */
  stop(): void;
}

/**
 * Hands the signals this process receives on to a container. Those that come before there is one wait for it: the program may
 * be seen running a moment before this process knows that it runs.
 */
export function forwardSignals(): SignalForwarding {
  const waiting: NodeJS.Signals[] = [];
  let hand = (signal: NodeJS.Signals): void => {
    waiting.push(signal);
  };
  const receive = (signal: NodeJS.Signals): void => hand(signal);
  for (const signal of FORWARDED) process.on(signal, receive);
  return {
    to(container) {
      hand = (signal) => {
        container.kill(signal);
      };
      for (const signal of waiting.splice(0)) hand(signal);
    },
    stop() {
      for (const signal of FORWARDED) process.off(signal, receive);
    },
  };
}
