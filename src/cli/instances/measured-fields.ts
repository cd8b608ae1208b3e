import { sizeText } from '../../instances/options/disk-quota.ts';
import type { MeasuredInstance, Measures, Reading } from '../../usage/measure-instance.ts';

/** A field of `instances ls` that an instance's document does not have as it is. */
interface MeasuredField {
  /** What has to be read for it; undefined = nothing. */
  readonly reading?: Reading;
  /** For programs: bytes, percent, days and times; null for what is not known. */
  value(measured: MeasuredInstance): unknown;
  /** For people; absent = the value as a text. */
  text?(measures: Measures): string | undefined;
}

const FIELDS = {
  last_activity: {
    reading: 'activity',
    value: ({ measures }) => measures.lastActivity?.day ?? null,
  },
  created_at: {
    reading: 'creation',
    value: ({ measures }) => measures.creation?.text ?? null,
    text: ({ creation }) => creation?.day,
  },
  onboarded: { value: ({ instance }) => instance.onboarding_finished === true },
  files: { reading: 'files', value: ({ measures }) => measures.files ?? null },
  disk_used: {
    reading: 'usage',
    value: ({ measures }) => measures.diskUsed ?? null,
    text: ({ diskUsed }) => (diskUsed === undefined ? undefined : sizeText(diskUsed)),
  },
  disk_share: {
    reading: 'usage',
    value: ({ measures }) => measures.diskShare ?? null,
    text: ({ diskShare }) => (diskShare === undefined ? undefined : `${diskShare}%`),
  },
  apps: {
    reading: 'apps',
    value: ({ measures }) => measures.apps?.map(({ slug, version }) => `${slug}@${version}`) ?? null,
    text: ({ apps }) => apps?.map(({ slug, version }) => `${slug}@${version}`).join(','),
  },
  email: { reading: 'owner', value: ({ measures }) => measures.email ?? null },
  public_name: { reading: 'owner', value: ({ measures }) => measures.publicName ?? null },
} satisfies Readonly<Record<string, MeasuredField>>;

const fields: ReadonlyMap<string, MeasuredField> = new Map(Object.entries(FIELDS));

/** Fields that are measured, or worked out, in the order in which they are told of. */
export const MEASURED_FIELDS: readonly string[] = [...fields.keys()];

/** What has to be read for these fields; nothing for those of the document. */
export function readingsOf(names: readonly string[]): ReadonlySet<Reading> {
  return new Set(names.flatMap((name) => fields.get(name)?.reading ?? []));
}

/** The value of such a field, for programs; undefined for a field that is none of them. */
export function measuredValue(name: string, measured: MeasuredInstance): unknown {
  return fields.get(name)?.value(measured);
}

/** The same for people, empty where it is not known. */
export function measuredText(name: string, measured: MeasuredInstance): string {
  const field = fields.get(name);
  const text = field?.text === undefined ? field?.value(measured) : field.text(measured.measures);
  return text === undefined || text === null ? '' : String(text);
}
