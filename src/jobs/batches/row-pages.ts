import type { RedisClient } from '../../redis/client.ts';
import { isRowNumber } from './batch-record.ts';

/** Rows of a page: few, so that Redis is never held up (`docs/bullmq.md` §8). */
const PAGE = 500;

/**
 * Row numbers of some states, ascending, page by page. The states are read in one transaction a page:
 * a row that moves meanwhile is in exactly one of them, and never missed. What is no number of a row is passed over.
 * @param from only greater ones
 */
export async function* rowPages(
  redis: RedisClient,
  sets: readonly string[],
  from = 0,
): AsyncGenerator<number[]> {
  let after = String(from);
  for (;;) {
    const commands = sets.map((set) => [
      'zrange',
      set,
      `(${after}`,
      '+inf',
      'BYSCORE',
      'LIMIT',
      0,
      PAGE,
      'WITHSCORES',
    ]);
    const answers = (await redis.multi(commands).exec()) ?? [];
    const found = answers.flatMap(([error, members]) => {
      if (error !== null) throw error;
      return Array.isArray(members) ? scored(members.map(String)) : [];
    });
    const page = found.sort((a, b) => Number(a.score) - Number(b.score)).slice(0, PAGE);
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
