import { CHANNEL, parseSource } from '../../apps/app-source.ts';
import { isVersion } from '../../apps/manifest/manifest.ts';
import type { WantedSource } from '../../apps/update/update-source.ts';
import { defined } from '../../defined.ts';
import { InputError } from '../../errors.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import { type PreparedBatch, preparedBatch } from '../instances/prepared-batch.ts';
import type { Selection, SelectionServices } from '../targets/selection.ts';
import { checkedSlugs } from './checked-slugs.ts';
import { type AppsTarget, selectApps } from './select-apps.ts';

/** Which applications are to be updated, and to what. */
export interface UpdateOrder extends WantedSource {
  /** Slugs, as typed; none = each row of a file names its own. */
  readonly apps: readonly string[];
  /** Whether what asks for other permissions or terms is to wait until the owner agrees. */
  readonly safe: boolean;
}

/**
 * Prepares to update applications on the instances of a file or a filter, as a batch. An instance that has none of them
 * is passed over when its turn comes.
 * @throws InputError as `selectApps`
 */
export async function prepareUpdates(
  services: SelectionServices,
  selection: Selection,
  order: UpdateOrder,
): Promise<PreparedBatch> {
  const { apps: given, ...how } = order;
  const wanted = checkedWish(how);
  const checked = (typed: readonly string[]) => checkedFor(wanted, typed);
  const { targets } = await selectApps(services, selection, { given, checked });
  const workOf = ({ domain, seen, apps }: AppsTarget, filter: InstanceFilter | undefined): JobSpec => ({
    kind: 'update-apps',
    domain,
    apps: [...apps],
    ...wanted,
    ...defined({ seen, filter }),
  });
  return preparedBatch({ kind: 'update-apps', targets, workOf });
}

/** What applications are to be updated to, whichever they are. @throws InputError `app_source`, `bad_choice` */
function checkedWish({ safe, source, channel, version }: Omit<UpdateOrder, 'apps'>) {
  if (channel !== undefined && !CHANNEL.test(channel)) throw bad(`${quoted(channel)} is no channel`);
  if (version !== undefined && !isVersion(version)) throw bad(`${quoted(version)} is no version`);
  if (source === undefined) return { safe, ...defined({ channel, version }) };
  if (channel !== undefined || version !== undefined) throw onlyOfOne();
  return { safe, source: parseSource(source).text };
}

/** The slugs, which fit the source where there is one. @throws InputError `no_apps`, `app_source`, `bad_choice` */
function checkedFor({ source }: { readonly source?: string }, typed: readonly string[]): readonly string[] {
  const apps = checkedSlugs(typed);
  if (source === undefined) return apps;
  if (apps.length > 1) throw onlyOfOne();
  const [slug] = apps;
  const parsed = parseSource(source);
  if (parsed.kind !== 'registry' || parsed.slug === slug) return apps;
  throw bad(`${quoted(source)} is the source of ${parsed.slug}, not of ${slug}`);
}

function onlyOfOne(): InputError {
  return new InputError(
    'bad_choice',
    '--source is that of one application, and says channel and version itself',
    { column: '--source' },
  );
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 120));
}

function bad(message: string): InputError {
  return new InputError('app_source', message);
}
