import {
  type CheckContext,
  checkInstance,
  type FoundInInstance,
} from '../../instances/fsck/check-instance.ts';
import type { DesignFinding, EntryFinding } from '../../instances/fsck/findings.ts';
import { repairableOf } from '../../instances/fsck/is-repairable.ts';
import { refuseUnrepairable } from '../../instances/fsck/refuse-unrepairable.ts';
import { readInstance } from '../../instances/lookup/lookup.ts';
import { sharingOf } from '../../instances/lookup/sharing.ts';
import { haveSameDatabases } from '../instance/databases-of.ts';
import type { RepairContext } from './context.ts';
import { recreateDatabase, rewriteDesigns } from './databases.ts';
import { correctPath, makeDirectory, writeDirectoryDocument, writeRootAndTrash } from './directories.ts';
import { correctIndexesVersion, recreateSettings } from './settings.ts';

export interface Repair {
  /** What was found first or on the way, and is not found any more. */
  readonly repaired: readonly FoundInInstance[];
  /** What the last check found. */
  readonly left: readonly FoundInInstance[];
}

/** A database made again shows what it lacks, and a path corrected what is missing there. */
const SWEEPS = 4;

/**
 * Puts right what can be put right without knowing what its owner wants (`isRepairable`), and checks again,
 * until nothing more can be done. Safe to repeat. Files are neither adopted, restored nor removed, default
 * directories that are gone stay gone, and nothing is touched while the instance is being made or removed.
 * Checks read no content: none that differs could be repaired, and stacks are kept out only from what is
 * written.
 *
 * @throws Refusal `deleting`, `moving`, `swift`, `other_storage`
 * @throws CouchError, StorageError, LostLock, or the signal's reason when aborted; another run goes on from there
 */
export async function repairInstance(given: RepairContext): Promise<Repair> {
  const { global, instance, signal } = given;
  const tried = new Map<string, FoundInInstance>();
  for (let sweep = 0; ; sweep += 1) {
    // As it is now: its domain is where its directories are made.
    const context = { ...given, instance: (await readInstance(global, instance._id, signal)) ?? instance };
    refuseUnrepairable(context.instance);
    const findings = await check(context);
    const found = new Set(findings.map((finding) => JSON.stringify(finding)));
    const work = repairableOf(findings, context.options).filter(
      (finding) => !tried.has(JSON.stringify(finding)),
    );
    if (work.length === 0 || sweep === SWEEPS) {
      const repaired = [...tried].flatMap(([line, finding]) => (found.has(line) ? [] : [finding]));
      return { repaired, left: findings };
    }
    for (const finding of work) tried.set(JSON.stringify(finding), finding);
    await context.locked(async (locked) => {
      const [now, owners] = await Promise.all([
        readInstance(global, instance._id, locked),
        given.prefixIndex.refresh(locked),
      ]);
      // What came up since is a finding of the next check, and the lock is that of the databases which were checked.
      if (now === undefined || sharingOf(owners, now) !== undefined) return;
      if (!haveSameDatabases(context.instance, now)) return;
      refuseUnrepairable(now);
      await given.willWrite();
      await sweepOnce({ ...context, instance: now, signal: locked }, work);
    });
  }
}

async function check(context: RepairContext): Promise<FoundInInstance[]> {
  const checked: CheckContext = {
    ...context,
    findsOlderNumber: context.options.movesNumber,
    // The repair itself: its caller holds the names of the instance.
    hasJob: () => Promise.resolve(true),
  };
  const findings: FoundInInstance[] = [];
  const checks = { index: true, files: true, contents: false };
  for await (const finding of checkInstance(checked, checks)) findings.push(finding);
  return findings;
}

/**
 * Each kind after those it builds upon; directories after the ones they are in. What was found may have
 * changed since, so each looks again at what it is about to write.
 */
async function sweepOnce(context: RepairContext, work: readonly FoundInInstance[]): Promise<void> {
  for (const finding of work) if (finding.type === 'no_database') await recreateDatabase(context, finding);

  for (const [doctype, findings] of byDoctype(work)) await rewriteDesigns(context, doctype, findings);

  const tops = work.filter(isOfTypes('index_missing_root', 'index_missing_trash'));
  if (tops.length > 0) await writeRootAndTrash(context, tops);
  if (work.some(({ type }) => type === 'missing_settings')) await recreateSettings(context);
  for (const finding of work.filter(isOfTypes('index_bad_fullpath'))) await correctPath(context, finding);
  for (const finding of parentsFirst(work.filter(isOfTypes('filesystem_missing')))) {
    await makeDirectory(context, finding);
  }
  for (const finding of parentsFirst(work.filter(isOfTypes('index_missing')))) {
    await writeDirectoryDocument(context, finding);
  }
  for (const finding of work) {
    if (finding.type === 'wrong_indexes_version') await correctIndexesVersion(context, finding);
  }
}

function byDoctype(work: readonly FoundInInstance[]): Map<string, DesignFinding[]> {
  const designs = new Map<string, DesignFinding[]>();
  for (const finding of work) {
    if (finding.type !== 'missing_design_document' && finding.type !== 'differing_design_document') continue;
    designs.set(finding.doctype, [...(designs.get(finding.doctype) ?? []), finding]);
  }
  return designs;
}

function isOfTypes(...types: EntryFinding['type'][]): (finding: FoundInInstance) => finding is EntryFinding {
  const wanted: ReadonlySet<string> = new Set(types);
  return (finding): finding is EntryFinding => wanted.has(finding.type);
}

function parentsFirst(findings: readonly EntryFinding[]): EntryFinding[] {
  const depth = ({ dir_doc }: EntryFinding) =>
    (dir_doc?.path ?? '').split('/').filter((name) => name !== '').length;
  return [...findings].sort((one, other) => depth(one) - depth(other));
}
