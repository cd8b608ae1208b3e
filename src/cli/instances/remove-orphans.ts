import type { Readable } from 'node:stream';
import type { Config } from '../../config/config.ts';
import { findingLine } from '../../instances/fsck/findings.ts';
import {
  type OrphanRemoval,
  type OrphanReporter,
  type OrphanSearch,
  type OrphanServices,
  prepareOrphanRemoval,
} from '../../operations/instances/remove-orphans.ts';
import { oneLine, safeJson } from '../../safe-text.ts';
import { ask, printPlatform } from '../terminal/confirm.ts';
import type { Output } from '../terminal/output.ts';
import { unreadablePrinter } from './unreadable-printer.ts';

export interface RemoveOrphansOptions extends OrphanServices, OrphanSearch {
  readonly config: Config;
  /** Whether nobody is asked. */
  readonly force: boolean;
  readonly json: boolean;
  readonly stdin: Readable;
  readonly output: Output;
}

/**
 * Lists databases and folders that belong to no instance and, once their number was confirmed, removes them.
 * @throws FleetError `aborted`, and as `prepareOrphanRemoval`
 */
export async function removeOrphans(options: RemoveOrphansOptions): Promise<OrphanRemoval> {
  const { config, force, output } = options;
  const prepared = await prepareOrphanRemoval(options, options, orphanPrinter(output));
  const { found, removable } = prepared;
  if (removable === 0) return { removed: 0, left: found };
  if (!force) {
    printPlatform(config, output);
    const question = [
      `Are you sure you want to remove these ${removable} orphans, whose data will be permanently lost?`,
      'Type their number to confirm: ',
    ];
    await ask(options, question, String(removable));
  }
  return await prepared.run();
}

/** Tells what is reported of orphans: each as a line of JSON, the rest as notes. */
function orphanPrinter(output: Output): OrphanReporter {
  const printUnreadable = unreadablePrinter(output);
  return (report) => {
    switch (report.event) {
      case 'found':
        output.line(safeJson(findingLine(report.orphan)));
        return;
      case 'unreadable':
        printUnreadable(report.unreadable);
        return;
      case 'waiting':
        output.note('Waiting for another command that removes orphans.');
        return;
      case 'left-alone':
        output.note(oneLine(report.sentence));
        return;
      default:
        report satisfies never;
    }
  };
}
