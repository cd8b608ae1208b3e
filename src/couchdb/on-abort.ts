interface SharedListener {
  readonly acts: Set<() => void>;
  readonly listen: () => void;
}

/** Signals that have our listener, which is at most one each. */
const listening = new WeakMap<AbortSignal, SharedListener>();

/**
 * Has something done when a signal is aborted. One signal goes with all the requests of a command, many of them
 * under way at a time: however many there are, it gets one listener, and none once they have ended. A listener
 * each would be taken for a leak; one that outlives its request is one.
 * @param signal not aborted yet
 * @returns takes it back; to be called when the work has ended, whichever way
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  const shared = listening.get(signal) ?? startListening(signal);
  // A function of its own: the same one may be given twice.
  const own = () => act();
  shared.acts.add(own);
  return () => {
    if (!shared.acts.delete(own) || shared.acts.size > 0) return;
    signal.removeEventListener('abort', shared.listen);
    listening.delete(signal);
  };
}

/**
 * Waits for work that others wait for, too, until it has ended or the signal is aborted: the work itself goes on.
 * @throws the signal's reason, or what the work threw
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  let forget = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else forget = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    forget();
  }
}

function startListening(signal: AbortSignal): SharedListener {
  const acts = new Set<() => void>();
  const listen = () => {
    listening.delete(signal);
    for (const act of [...acts]) act();
  };
  const shared = { acts, listen };
  listening.set(signal, shared);
  signal.addEventListener('abort', listen, { once: true });
  return shared;
}
