import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { instanceState } from '../../instances/documents/instance-state.ts';

/** Fields by which instances are counted: those that many have in common. */
export const COUNTED_FIELDS = ['org_id', 'org_domain', 'context', 'state', 'locale'] as const;

export type CountedField = (typeof COUNTED_FIELDS)[number];

/** How many instances have a value; null = none. */
export interface ValueCount {
  readonly value: string | null;
  readonly count: number;
}

/** Counts instances by what they have in a field; remembers each value once. */
export class ValueCounts {
  readonly #field: CountedField | undefined;
  readonly #counts = new Map<string | null, number>();

  /** @param field undefined = nothing is counted */
  constructor(field: CountedField | undefined) {
    this.#field = field;
  }

  add(instance: StoredInstance): void {
    if (this.#field === undefined) return;
    const value = fieldOf(this.#field, instance) || null;
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  /** The most frequent value first; undefined where nothing is counted. */
  sorted(): ValueCount[] | undefined {
    if (this.#field === undefined) return undefined;
    const counts = [...this.#counts].map(([value, count]) => ({ value, count }));
    return counts.sort((a, b) => b.count - a.count || ((a.value ?? '') < (b.value ?? '') ? -1 : 1));
  }
}

function fieldOf(field: CountedField, instance: StoredInstance): string | undefined {
  return field === 'state' ? instanceState(instance) : instance[field];
}
