const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One Ctrl-C can arrive several times, from the terminal and handed on by npm: only what comes later is a second one. */
const SAME_SIGNAL_MS = 1000;

/**
 * Resolves when the process is told to stop: by a signal, or because the process that launched it is gone.
 * A second signal ends the process at once.
 */
export function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const stop = () => {
      first ??= performance.now();
      if (performance.now() - first > SAME_SIGNAL_MS) process.exit(1);
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, stop);
    process.once('disconnect', () => resolve());
  });
}
