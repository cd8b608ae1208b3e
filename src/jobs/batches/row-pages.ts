import type { RedisClient } from '../../redis/client.ts';
import { isRowNumber } from './batch-record.ts';

/** Rows of a page: few, so that Redis is never held up (`docs/bullmq.md` §8). */
const PAGE = 500;

/** Where rows are read from, and which way. */
export interface RowsFrom {
  /** `up`: only greater ones, ascending; `down`: only lesser ones, descending. */
  readonly way: 'up' | 'down';
  readonly row: number;
}

/**
 * Row numbers of some states, in their order, page by page. The states are read in one transaction a page:
 * a row that moves meanwhile is in exactly one of them, and never missed. What is no number of a row is passed over.
 * @param size rows of a page
 */
export async function* rowPages(
  redis: RedisClient,
  sets: readonly string[],
  { way, row }: RowsFrom = { way: 'up', row: 0 },
  size = PAGE,
): AsyncGenerator<number[]> {
  if (sets.length === 0) return;
  const end = way === 'up' ? ['+inf', 'BYSCORE'] : ['-inf', 'BYSCORE', 'REV'];
  let after = row === Number.POSITIVE_INFINITY ? '+inf' : String(row);
  for (;;) {
    const commands = sets.map((set) => ['zrange', set, `(${after}`, ...end, 'LIMIT', 0, size, 'WITHSCORES']);
    const answers = (await redis.multi(commands).exec()) ?? [];
    const found = answers.flatMap(([error, members]) => {
      if (error !== null) throw error;
      return Array.isArray(members) ? scored(members.map(String)) : [];
    });
    const order = way === 'up' ? 1 : -1;
    const page = found.sort((a, b) => order * (Number(a.score) - Number(b.score))).slice(0, size);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.map(({ member }) => Number(member)).filter(isRowNumber);
    // By its score, as Redis goes on: a member may say another number.
    after = last.score;
  }
}

/** What Redis answers one after the other. */
function scored(answer: readonly string[]): { readonly member: string; readonly score: string }[] {
  return answer.flatMap((member, at) => (at % 2 === 0 ? [{ member, score: answer[at + 1] ?? '' }] : []));
}
