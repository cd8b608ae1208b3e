import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/config.ts';
import { toError } from '../../errors.ts';
import { type FlagsMap, mergeFlags } from '../../instances/options/feature-flags.ts';
import { contextDoubts } from '../../instances/options/value-doubts.ts';
import type { Author } from '../../jobs/kinds/author.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { changeFlags, type FlagScope, readFlags } from '../../operations/features/flag-documents.ts';
import { noteFlagChange } from '../../operations/features/flag-history.ts';
import { oneLine } from '../../safe-text.ts';
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
  /** Who wants it and why, for the record. */
  readonly author: Author;
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
    await noteChange(command, answer);
    for (const line of flagLines(answer.flags)) output.line(line);
    if (answer.outcome === 'unchanged') output.note('They were so already.');
    if (answer.outcome === 'would modify') output.note('This is how they would be; nothing was changed.');
    return answer;
  });
}

/** Flags are changed without the fleet's Redis as well: then nothing is noted, and that is said. */
async function noteChange(
  { config, output, scope, patch = {}, author }: FlagsCommand,
  { outcome }: FlagsAnswer,
): Promise<void> {
  if (outcome !== 'modified') return;
  try {
    const names = Object.keys(patch);
    await withFleet(config, (fleet) => noteFlagChange(fleet, { scope, names, outcome, author }));
  } catch (error) {
    output.note(oneLine(`The change is made, but not noted for features history: ${toError(error).message}`));
  }
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
