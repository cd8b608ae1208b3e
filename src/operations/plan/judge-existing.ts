import type { StoredDocument } from '../../couchdb/documents.ts';
import {
  comparedFields,
  comparedInInstance,
  differing,
  type FieldChange,
} from '../../instances/change/compare-fields.ts';
import { refuseUnfinished } from '../../instances/change/existing-instance.ts';
import { refuseMembersLeft } from '../../instances/change/refuse-members-left.ts';
import {
  joinsOrganization,
  refuseIncompleteMember,
  refuseOtherBucket,
} from '../../instances/change/refuse-unfit-member.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import { beingDeleted, Refusal } from '../../instances/errors.ts';
import { onlyReserved, refuseUnrepairable } from '../../instances/fsck/refuse-unrepairable.ts';
import { refuseOtherRevision } from '../../instances/lookup/changed-since-plan.ts';
import { requireReadable } from '../../instances/lookup/classify-document.ts';
import { refuseTakenAliases } from '../../instances/lookup/free-aliases.ts';
import { describeFilter, documentPart, matchesDocument } from '../../instances/lookup/instance-filter.ts';
import { refuseFilesLeft, refuseOtherAppStorage } from '../../instances/lookup/refuse-other-storage.ts';
import {
  refuseOddPrefix,
  refuseShared,
  refuseSharedDatabases,
  refuseUnreadableOwner,
} from '../../instances/lookup/sharing.ts';
import type { TaskOf } from '../../jobs/kinds/job-kinds.ts';
import type { UsageServers } from '../../usage/measure-instance.ts';
import { judgeMeasures } from '../../usage/measured-filter.ts';
import type { NamesAround } from './surroundings.ts';
import type { Verdict } from './verdict.ts';

/** Work on an instance that has to be there. */
export type ExistingWork = TaskOf<
  | 'modify'
  | 'modify-and-install'
  | 'destroy'
  | 'repair'
  | 'install-apps'
  | 'update-apps'
  | 'uninstall-apps'
  | 'reset-links'
  | 'clean-sessions'
  | 'purge-jobs'
  | 'fsck'
  | 'export'
>;

/**
 * The instance that work is for, as long as it is the one that the operator meant.
 * @throws Refusal `not_found`, `superseded`, `changed`, `unreadable`
 */
export function meantInstance(work: ExistingWork, around: NamesAround): StoredInstance {
  const { domain, seen, filter } = work;
  const results = around.owners([domain]);
  const result = results.find((each) => {
    const { _id } = each.readable ? each.instance : each.unreadable;
    return _id === seen?.id;
  });
  if (seen === undefined || result === undefined) {
    throw new Refusal('not_found', `there is no instance with the domain ${domain}`, 'Aliases do not count.');
  }
  const instance = requireReadable(result);
  if (instance.domain !== domain || incarnationOf(instance) !== seen.incarnation) {
    throw new Refusal(
      'superseded',
      `the instance of ${domain} is another one by now`,
      'Look at it, and order the work again if it is still wanted.',
    );
  }
  if (filter !== undefined && !matchesDocument(documentPart(filter), instance)) {
    throw new Refusal('changed', `${domain} has changed: it is not ${describeFilter(filter)} any more`);
  }
  return instance;
}

/**
 * Asks of a filter what the document of an instance does not tell, as its job will.
 * @throws Refusal `changed`, `unmeasured` where nobody can tell
 */
export async function refuseUnmeasured(
  { filter }: ExistingWork,
  instance: StoredInstance,
  servers: UsageServers,
  signal?: AbortSignal,
): Promise<void> {
  if (filter === undefined) return;
  const judgement = await judgeMeasures(filter, instance, servers, signal);
  if (judgement === true) return;
  const { domain } = instance;
  if (judgement === false) {
    throw new Refusal('changed', `${domain} has changed: it is not ${describeFilter(filter)} any more`);
  }
  throw new Refusal('unmeasured', `${domain} cannot be measured: ${judgement.problem}`);
}

/**
 * What a change would do, by the rules of its job.
 * @param settings of the instance; undefined where there is no database of them. Needed where settings or the organization change only.
 * @throws Refusal `provisioning`, `deleting`, `taken`, `old_domain`, `unreadable`, `incomplete`, `shared_prefix`,
 * `other_storage`, `member_incomplete`
 */
export function judgeModification(
  { changes }: Pick<TaskOf<'modify'>, 'changes'>,
  instance: StoredInstance,
  around: NamesAround,
  settings: Readonly<Record<string, unknown>> | undefined,
): Verdict {
  refuseUnfinished(changes.deleting === false ? { ...instance, deleting: false } : instance);
  const { aliases = [] } = changes;
  if (aliases.length > 0) {
    refuseUnreadableOwner(around.possible, aliases, instance._id);
    const owners = around.owners(aliases).map(requireReadable);
    refuseTakenAliases(instance, aliases, owners, around.moved(aliases));
  }
  refuseOtherBucket(instance, changes);
  if (changes.settings !== undefined || joinsOrganization(instance, changes)) {
    refuseSharedDatabases(around.possible, instance);
    if (settings === undefined) {
      throw new Refusal(
        'incomplete',
        `${instance.domain} has no database of its settings`,
        'See what else is missing: cozy-fleet instances fsck.',
      );
    }
    refuseIncompleteMember(instance, settings, changes);
  }
  const fields =
    settings === undefined
      ? comparedInInstance(instance, changes)
      : comparedFields(instance, settings, changes);
  return { verdict: differing(fields).length === 0 ? 'same' : 'change', fields };
}

/** @throws Refusal `deleting`, `swift`, `other_storage`, `shared_prefix`, `shared_name`, `has_members`, `changed_since` */
export function judgeDestruction(
  { resume, exportTo, unlessMembers, unlessChanged }: TaskOf<'destroy'>,
  instance: StoredInstance,
  around: NamesAround,
): Verdict {
  const isFlagged = instance.deleting === true;
  if (isFlagged && !resume) {
    throw beingDeleted(
      instance.domain,
      `If no stack is at it, take it over: cozy-fleet instances destroy ${instance.domain} --resume.`,
    );
  }
  refuseFilesLeft(instance);
  refuseOddPrefix(instance);
  refuseShared(around.possible, instance);
  if (unlessMembers === true) refuseMembersLeft(around.possible, instance);
  refuseOtherRevision(instance, unlessChanged);
  const archive = exportTo === undefined ? [] : [archiveIn(exportTo)];
  return { verdict: 'destroy', fields: [{ field: 'deleting', old: isFlagged, new: true }, ...archive] };
}

/**
 * What an export would do: whether there is an archive already that is of the instance as it is, only the worker's machine knows.
 * @throws Refusal `provisioning`, `deleting`, `shared_prefix`, `shared_name`
 */
export function judgeExport(
  { to }: TaskOf<'export'>,
  instance: StoredInstance,
  around: NamesAround,
): Verdict {
  refuseUnfinished(instance);
  refuseShared(around.possible, instance);
  return { verdict: 'change', fields: [archiveIn(to)] };
}

/** The directory that an archive would go to, as a field that changes. */
function archiveIn(directory: string): FieldChange {
  return { field: 'archive', old: null, new: directory };
}

/**
 * @param slugs of the applications, by how they were ordered; undefined where only what is fetched tells it
 * @param installed slugs of those that are there
 * @throws Refusal `provisioning`, `deleting`, `swift`, `other_storage`
 */
export function judgeInstallation(
  { apps }: Pick<TaskOf<'install-apps'>, 'apps'>,
  instance: StoredInstance,
  slugs: ReadonlyMap<string, string | undefined>,
  installed: Pick<ReadonlySet<string>, 'has'>,
): Verdict {
  refuseUninstallable(instance);
  const missing = apps.filter((app) => {
    const slug = slugs.get(app);
    return slug === undefined || !installed.has(slug);
  });
  return missing.length === 0 ? { verdict: 'same', fields: [] } : { verdict: 'install', apps: missing };
}

/** What a change that is followed by an installation would do: both are told of in one verdict. */
export function judgeChangeAndInstallation(change: Verdict, installation: Verdict): Verdict {
  if (change.verdict !== 'change' && change.verdict !== 'same') return change;
  if (installation.verdict === 'install') {
    const added = { field: 'apps', old: null, new: [...installation.apps] };
    return { verdict: 'change', fields: [...change.fields, added] };
  }
  return installation.verdict === 'same' ? change : installation;
}

/**
 * What an uninstallation would do, by the rules of its job: konnectors with accounts that need a stack stay, and where
 * nothing else would go it is refused. Nobody looks for code here: it would go also where the application is not installed
 * any more.
 * @param installed documents of those that are there, by slug
 * @param kept slugs of the konnectors that stay
 * @throws Refusal `provisioning`, `deleting`, `swift`, `other_storage`
 */
export function judgeUninstallation(
  { apps, purgeCode }: TaskOf<'uninstall-apps'>,
  instance: StoredInstance,
  installed: ReadonlyMap<string, StoredDocument>,
  kept: ReadonlySet<string>,
): Verdict {
  refuseUninstallable(instance);
  const konnectors = apps.filter((slug) => kept.has(slug));
  const fields = apps.flatMap((slug): FieldChange[] => {
    const document = installed.get(slug);
    const version = document?.['version'];
    const old = typeof version === 'string' ? version : '';
    const field = `${slug}.version`;
    if (konnectors.includes(slug)) return [{ field, old, new: old }];
    return [
      ...(document === undefined ? [] : [{ field, old, new: null }]),
      ...(purgeCode ? [{ field: `${slug}.code`, old: 'kept', new: null }] : []),
    ];
  });
  if (differing(fields).length > 0) return { verdict: 'change', fields };
  if (konnectors.length === 0) return { verdict: 'same', fields };
  return {
    verdict: 'refused',
    code: 'app_konnector',
    message: `${konnectors.join(', ')}: accounts can only be deleted at their providers by a running stack, and no Redis of a stack is configured`,
    advice: "Set the stack's redis.addrs, or have a stack uninstall it: cozy-stack konnectors uninstall.",
  };
}

/** @throws Refusal `provisioning`, `deleting`, `swift`, `other_storage` */
export function refuseUninstallable(instance: StoredInstance): void {
  refuseUnfinished(instance);
  refuseOtherAppStorage(instance);
}

/**
 * @param findings what a repair would put right, of an instance in use
 * @throws Refusal `deleting`, `moving`, `not_repaired`, `swift`, `other_storage`, `shared_prefix`
 */
export function judgeRepair(
  { dropReservation }: TaskOf<'repair'>,
  instance: StoredInstance,
  findings: readonly string[],
): Verdict {
  if (isReservation(instance)) {
    if (!dropReservation) throw onlyReserved(instance.domain);
    return { verdict: 'repair', findings: ['reservation'] };
  }
  refuseUnrepairable(instance);
  return findings.length === 0 ? { verdict: 'same', fields: [] } : { verdict: 'repair', findings };
}
