import type { RedisClient } from '../../redis/client.ts';
import { hashFields } from '../redis/hash-fields.ts';
import type { Keys } from '../redis/keys.ts';
import { BATCH_SECONDS } from '../redis/retention.ts';
import { type Row, rowOf } from './batch-record.ts';
import { INDEX_ROWS, UNLIST_ROW } from './batch-scripts.ts';
import { causesOf, isChosen, needsCauses, type RowCause, type RowChoice, setsOf } from './row-choice.ts';
import { readKinds } from './row-kinds.ts';
import { type RowsFrom, rowPages } from './row-pages.ts';
import type { RowState } from './row-state.ts';

/** Finds rows of batches. */
export interface RowReader {
  /** Rows in the order of the file, page by page; only those of some states where they are given. */
  rows(id: string, ...states: readonly RowState[]): AsyncGenerator<Row>;
  /** The same for those whose number is greater than `row`. */
  rowsAfter(id: string, row: number, states: readonly RowState[]): AsyncGenerator<Row>;
  /** Rows that are meant, from there on, page by page: what it reads does not grow with the others. */
  chosen(id: string, choice: RowChoice, from: RowsFrom, pageSize?: number): AsyncGenerator<Row[]>;
  /** Where and why rows stopped that wait for another try or ended badly. */
  causes(id: string): Promise<RowCause[]>;
  /** Enters a batch and these rows of it into the index, where an earlier version wrote them; may be repeated. */
  indexRows(id: string, rows: readonly number[]): Promise<void>;
}

/** Reads rows by their sets: what is read grows with what is meant, not with the batch. */
export function createRowReader(redis: RedisClient, keys: Keys): RowReader {
  const indexArguments = (id: string) => ({
    own: [keys.rows(id), keys.counts(id), keys.batch(id), keys.causes(id)],
    about: [id, keys.index, BATCH_SECONDS],
  });

  /** Rows that an earlier version has moved are taken out of where they are not any more. */
  async function unlist(id: string, sets: readonly string[], rows: readonly Row[]): Promise<void> {
    const { own, about } = indexArguments(id);
    const causes = sets.filter((set) => set.includes(':'));
    for (const { row } of rows) {
      for (const cause of causes) await UNLIST_ROW.run(redis, own, [...about, row, cause]);
    }
  }

  async function* chosen(
    id: string,
    choice: RowChoice,
    from: RowsFrom,
    pageSize?: number,
  ): AsyncGenerator<Row[]> {
    const names = setsOf(choice, needsCauses(choice) ? await causes(id) : []);
    const sets = names.map((each) => `${keys.counts(id)}:${each}`);
    for await (const page of rowPages(redis, sets, from, pageSize)) {
      if (page.length === 0) continue;
      const [texts, kinds] = await Promise.all([
        redis.hmget(keys.rows(id), ...page.map(String)),
        readKinds(redis, keys, id, page),
      ]);
      const rows = page.flatMap((row, at) => {
        const text = texts[at];
        const kind = kinds[at];
        return text === null || text === undefined
          ? []
          : [{ ...rowOf(row, text), ...(kind !== undefined && { kind }) }];
      });
      const [meant, others] = [true, false].map((is) => rows.filter((row) => isChosen(row, choice) === is));
      if (needsCauses(choice)) await unlist(id, names, others ?? []);
      yield meant ?? [];
    }
  }

  async function causes(id: string): Promise<RowCause[]> {
    return causesOf(await hashFields(redis, keys.causes(id)));
  }

  async function* rowsAfter(id: string, row: number, states: readonly RowState[]): AsyncGenerator<Row> {
    const choice = { states, stages: [], codes: [] };
    for await (const page of chosen(id, choice, { way: 'up', row })) yield* page;
  }

  return {
    rows: (id, ...states) => rowsAfter(id, 0, states),

    rowsAfter,

    chosen,

    causes,

    async indexRows(id, rows) {
      const { own, about } = indexArguments(id);
      await INDEX_ROWS.run(redis, own, [...about, ...rows]);
    },
  };
}
