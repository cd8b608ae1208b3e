import type { UntoldService } from './progress.ts';

/** Services that were not told, in words. */
export function untoldText(untold: readonly UntoldService[]): string {
  return untold.map(({ service, problem }) => `${service} (${problem})`).join(', ');
}
