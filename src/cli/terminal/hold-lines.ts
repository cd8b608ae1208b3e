import { type Hold, holdText } from '../../jobs/batches/hold-of.ts';

/** What holds a batch back, and what to type so that it goes on. @param program how our commands are typed here */
export function holdLines(holds: readonly Hold[], id: string, program = 'cozy-fleet'): string[] {
  return holds.flatMap((hold) => [
    `Held: ${holdText(hold)}.`,
    `Let it go on:  ${program} ${lifting(hold, id)}`,
  ]);
}

/** The command that has nothing hold a batch any more in that way. */
export function lifting({ kind }: Hold, id: string): string {
  switch (kind) {
    case 'paused':
    case 'canary':
      return `batches resume ${id}`;
    case 'not-before':
      return `batches set ${id} --at now`;
    case 'window':
      return `batches set ${id} --between none`;
    default:
      return kind satisfies never;
  }
}
