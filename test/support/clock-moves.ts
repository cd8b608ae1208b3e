import { until } from './until.ts';

/** Waits for the next millisecond of the clock: what is made after it is newer than all before, however fast the machine is. */
export async function clockMoves(): Promise<void> {
  const before = Date.now();
  await until('the clock moves', () => Date.now() > before);
}
