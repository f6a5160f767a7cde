import type { Container } from '@coracle/container';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

/** Hands the signals this process receives on to the container; returns a function that ends this. */
export function forwardSignals(container: Container): () => void {
  const hand = (signal: NodeJS.Signals): void => {
    container.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, hand);
  return () => {
    for (const signal of FORWARDED) process.off(signal, hand);
  };
}
