/** A look that many may want at a time: one is under way at most, and what it found counts for a moment. */
export interface SharedLook<Found> {
  /** What was found a moment ago at most. @throws what the look throws, or that it took too long */
  look(): Promise<Found>;
}

/**
 * @param work looks; while it has no end, it is not begun again, however long it takes
 * @param freshMs how long what was found counts, in milliseconds
 * @param timeoutMs how long somebody waits for it, in milliseconds
 */
export function createSharedLook<Found>(
  work: () => Promise<Found>,
  freshMs: number,
  timeoutMs: number,
): SharedLook<Found> {
  let latest: { readonly at: number; readonly found: Promise<Found> } | undefined;
  let isUnderWay = false;

  function begin(): Promise<Found> {
    isUnderWay = true;
    const found = work().finally(() => {
      isUnderWay = false;
    });
    latest = { at: performance.now(), found };
    return found;
  }

  return {
    async look() {
      const isFresh = latest !== undefined && performance.now() - latest.at < freshMs;
      const found = latest !== undefined && (isUnderWay || isFresh) ? latest.found : begin();
      return await within(found, timeoutMs);
    },
  };
}

async function within<Found>(found: Promise<Found>, timeoutMs: number): Promise<Found> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}
