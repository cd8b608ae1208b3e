import { NotTold } from './told-service.ts';

/** Services that did not answer several times in a row: they are left alone for a while, so that many changes do not wait for each. */
export interface SilentServices {
  /**
   * Tells a service, unless it is left alone now.
   * @param address tells it from others
   * @throws NotTold where it is left alone, and as `tell`
   */
  unlessSilent<T>(address: string, tell: () => Promise<T>): Promise<T>;
}

/** Time-outs in a row after which a service is left alone. */
const MOST_TIMEOUTS = 3;

/** How long it is left alone, in milliseconds; then one time-out more is enough. */
const REST_MS = 60_000;

interface Silence {
  readonly timeouts: number;
  /** When the last of them was. */
  readonly at: number;
}

/** @param now milliseconds of a clock that only goes on */
export function createSilentServices(now: () => number = () => performance.now()): SilentServices {
  const silences = new Map<string, Silence>();
  return {
    async unlessSilent(address, tell) {
      const { timeouts, at } = silences.get(address) ?? { timeouts: 0, at: 0 };
      if (timeouts >= MOST_TIMEOUTS && now() - at < REST_MS) {
        throw new NotTold(`it did not answer ${timeouts} times in a row, and is left alone for a while`);
      }
      try {
        const answer = await tell();
        silences.delete(address);
        return answer;
      } catch (error) {
        if (error instanceof NotTold && error.isTimeout)
          silences.set(address, { timeouts: timeouts + 1, at: now() });
        else if (error instanceof NotTold && error.status !== undefined) silences.delete(address);
        throw error;
      }
    },
  };
}

/** Tells a service, unless it is left alone; `silent` is undefined where each change may wait. @throws NotTold, and as `tell` */
export async function unlessSilent<T>(
  silent: SilentServices | undefined,
  address: string,
  tell: () => Promise<T>,
): Promise<T> {
  return silent === undefined ? await tell() : await silent.unlessSilent(address, tell);
}
