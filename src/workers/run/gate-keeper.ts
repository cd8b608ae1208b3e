/** Opens the gate for rows of batches, now and then and whenever there may be room. */
export interface GateKeeper {
  /** There may be room: calls that come while it is being opened are answered by one more opening. */
  kick(): void;
  stop(): void;
}

/** Between two looks without an occasion, in milliseconds: windows open, and rates allow another row. */
const LOOK_MS = 500;

/**
 * @param open lets through what may be begun
 * @param onError is told why that did not work; the next look tries again
 */
export function createGateKeeper(
  open: () => Promise<unknown>,
  onError: (error: unknown) => void,
): GateKeeper {
  let isOpening = false;
  let isWanted = false;
  let isStopped = false;

  async function openUntilQuiet(): Promise<void> {
    isOpening = true;
    try {
      while (isWanted && !isStopped) {
        isWanted = false;
        await open();
      }
    } catch (error) {
      onError(error);
    } finally {
      isOpening = false;
    }
  }

  function kick(): void {
    isWanted = true;
    if (!isOpening && !isStopped) void openUntilQuiet();
  }

  const timer = setInterval(kick, LOOK_MS);
  kick();
  return {
    kick,
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}
