/**
 * Works on several items at a time and gives the results in the order of the items. Each work goes ahead up
 * to its first result; the others are drawn when its turn has come, so that no more than one waits for each.
 *
 * @param atATime works under way, the one whose turn it is included
 * @param work is given a signal that is aborted when nobody wants more
 */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  atATime: number,
  work: (item: Item, signal: AbortSignal) => AsyncGenerator<Result, void, undefined>,
): AsyncGenerator<Result, void, undefined> {
  const enough = new AbortController();
  const started: Started<Result>[] = [];
  try {
    for await (const item of items) {
      started.push(start(work(item, enough.signal)));
      if (started.length >= atATime) yield* resultsOf(started.shift());
    }
    while (started.length > 0) yield* resultsOf(started.shift());
  } finally {
    enough.abort();
    await Promise.allSettled(started.map(({ results }) => results.return()));
  }
}

interface Started<Result> {
  readonly first: Promise<IteratorResult<Result, void>>;
  readonly results: AsyncGenerator<Result, void, undefined>;
}

function start<Result>(results: AsyncGenerator<Result, void, undefined>): Started<Result> {
  const first = results.next();
  // Thrown when its turn has come; until then it must not count as unhandled.
  first.catch(() => undefined);
  return { first, results };
}

async function* resultsOf<Result>(
  started: Started<Result> | undefined,
): AsyncGenerator<Result, void, undefined> {
  if (started === undefined) return;
  const first = await started.first;
  if (first.done === true) return;
  try {
    yield first.value;
    yield* started.results;
  } finally {
    await started.results.return();
  }
}
