import { CHANNEL, parseSource } from '../../apps/app-source.ts';
import { isVersion } from '../../apps/manifest/manifest.ts';
import type { WantedSource } from '../../apps/update/update-source.ts';
import { defined } from '../../defined.ts';
import { InputError } from '../../errors.ts';
import { type PreparedBatch, preparedBatch } from '../instances/prepared-batch.ts';
import { type Selection, type SelectionServices, selectTargets } from '../targets/selection.ts';
import { checkedSlugs } from './checked-slugs.ts';

/** Which applications are to be updated, and to what. */
export interface UpdateOrder extends WantedSource {
  /** Slugs, as typed. */
  readonly apps: readonly string[];
  /** Whether what asks for other permissions or terms is to wait until the owner agrees. */
  readonly safe: boolean;
}

/**
 * Prepares to update applications on the instances of a file or a filter, as a batch. An instance that has none of them
 * is passed over when its turn comes.
 * @throws InputError `no_apps`, `app_source`, `bad_choice`, and as `selectTargets`
 */
export async function prepareUpdates(
  services: SelectionServices,
  selection: Selection,
  order: UpdateOrder,
): Promise<PreparedBatch> {
  const checked = checkedOrder(order);
  return preparedBatch({
    kind: 'update-apps',
    targets: await selectTargets(selection, services),
    workOf: ({ domain, seen }, filter) => ({
      kind: 'update-apps',
      domain,
      ...checked,
      ...defined({ seen, filter }),
    }),
  });
}

/** @throws InputError `no_apps`, `app_source`, `bad_choice` */
function checkedOrder({ apps: given, safe, source, channel, version }: UpdateOrder) {
  const apps = [...checkedSlugs(given)];
  const [slug] = apps;
  if (channel !== undefined && !CHANNEL.test(channel)) throw bad(`${quoted(channel)} is no channel`);
  if (version !== undefined && !isVersion(version)) throw bad(`${quoted(version)} is no version`);
  if (source === undefined) return { apps, safe, ...defined({ channel, version }) };
  if (apps.length > 1 || channel !== undefined || version !== undefined) {
    throw new InputError(
      'bad_choice',
      '--source is that of one application, and says channel and version itself',
      { column: '--source' },
    );
  }
  const parsed = parseSource(source);
  if (parsed.kind === 'registry' && parsed.slug !== slug) {
    throw bad(`${quoted(source)} is the source of ${parsed.slug}, not of ${slug}`);
  }
  return { apps, safe, source: parsed.text };
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 120));
}

function bad(message: string): InputError {
  return new InputError('app_source', message);
}
