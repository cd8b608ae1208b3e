import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/config.ts';
import { type FlagsMap, mergeFlags } from '../../instances/options/feature-flags.ts';
import { contextDoubts } from '../../instances/options/value-doubts.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { changeFlags, type FlagScope, readFlags } from '../../operations/features/flag-documents.ts';
import { printPlatform } from '../terminal/confirm.ts';
import type { Output } from '../terminal/output.ts';
import { flagLines } from './flag-lines.ts';

/** Flags that are no instance's own, and what is to become of them. */
export interface FlagsCommand {
  readonly config: Config;
  readonly output: Output;
  readonly scope: FlagScope;
  /** Absent where they are only to be shown. */
  readonly patch: FlagsMap | undefined;
  readonly dryRun: boolean;
}

/** What is answered with `--json`. */
export interface FlagsAnswer {
  readonly outcome: 'shown' | 'modified' | 'unchanged' | 'would modify';
  /** As they are now; after a look ahead, as they would be. */
  readonly flags: FlagsMap;
}

/** Shows flags of a context or the defaults, or changes them first. */
export async function showOrChangeFlags(command: FlagsCommand): Promise<FlagsAnswer> {
  const { config, output } = command;
  return await withCouch(config, async ({ global }) => {
    sayBeforehand(command);
    const answer = await answerOf(command, global);
    for (const line of flagLines(answer.flags)) output.line(line);
    if (answer.outcome === 'unchanged') output.note('They were so already.');
    if (answer.outcome === 'would modify') output.note('This is how they would be; nothing was changed.');
    return answer;
  });
}

/** What holds for many is worth a look at where it is written, and a context at whether there is one. */
function sayBeforehand({ config, output, scope, patch, dryRun }: FlagsCommand): void {
  if (patch === undefined) return;
  if (!dryRun) printPlatform(config, output);
  if (scope === 'defaults') return;
  for (const doubt of contextDoubts(scope.context, Object.keys(config.contexts))) {
    output.note(`Warning: ${scope.context}: ${doubt}`);
  }
}

async function answerOf(
  { scope, patch, dryRun }: FlagsCommand,
  global: Parameters<typeof readFlags>[0],
): Promise<FlagsAnswer> {
  if (patch !== undefined && !dryRun) return await changeFlags(global, scope, patch);
  const now = await readFlags(global, scope);
  if (patch === undefined) return { outcome: 'shown', flags: now };
  const flags = mergeFlags(now, patch);
  return { outcome: isDeepStrictEqual(now, flags) ? 'unchanged' : 'would modify', flags };
}
