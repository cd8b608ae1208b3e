import { appsOf, type Payload } from '../kinds/payload.ts';
import type { Progress } from './progress.ts';

/** Applications that a job was to install and that are not installed, tried or not. */
export function missingApps(payload: Payload, { apps: records = [] }: Progress): string[] {
  const there = new Set(records.filter(({ state }) => state !== 'failed').map(({ app }) => app));
  return appsOf(payload).filter((app) => !there.has(app));
}
