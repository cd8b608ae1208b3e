/** Starts a clock. @returns tells the milliseconds of processor time since, however busy the machine is with other things */
export function cpuClock(): () => number {
  const before = process.cpuUsage();
  return () => process.cpuUsage(before).user / 1000;
}

/** Milliseconds of processor time that `work` takes. */
export function cpuTime(work: () => void): number {
  const elapsed = cpuClock();
  work();
  return elapsed();
}
