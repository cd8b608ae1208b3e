import { isEnded, type Payload } from './payload.ts';
import type { Progress } from './progress.ts';

/** Applications that a job was to install and that are not installed, tried or not. */
export function missingApps(payload: Payload, { apps: records = [] }: Progress): string[] {
  if (isEnded(payload)) return [];
  const there = new Set(records.filter(({ state }) => state !== 'failed').map(({ app }) => app));
  return orderedApps(payload).filter((app) => !there.has(app));
}

function orderedApps(payload: Exclude<Payload, { outcome: unknown }>): readonly string[] {
  switch (payload.kind) {
    case 'create':
      return payload.options.apps;
    case 'install-apps':
      return payload.apps;
    case 'destroy':
    case 'modify':
    case 'repair':
      return [];
    default:
      return payload satisfies never;
  }
}
