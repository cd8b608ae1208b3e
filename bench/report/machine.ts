import { arch, cpus, platform, release, totalmem } from 'node:os';

/** What the figures were measured on. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
}

export function thisMachine(): Machine {
  const cores = cpus();
  return {
    cores: cores.length,
    processor: cores[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
  };
}

export function machineText({ cores, processor, memoryBytes, system, node }: Machine): string {
  return `${cores} cores (${processor}), ${(memoryBytes / 1e9).toFixed(1)} GB, ${system}, Node ${node}`;
}
