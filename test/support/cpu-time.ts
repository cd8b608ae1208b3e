/** Milliseconds of processor time that `work` takes, however busy the machine is with other things. */
export function cpuTime(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1000;
}
