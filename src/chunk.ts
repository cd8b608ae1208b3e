/**
 * Groups what comes one by one into chunks that can be sent or looked up at once.
 *
 * @param size of each chunk; the last one may be shorter
 */
export async function* chunks<T>(items: Iterable<T> | AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let chunk: T[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** Parts of a list, in its order. @param size of each; the last one may be shorter */
export function* slices<T>(list: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}

/** The same items, each asked for while the one before it is being worked on. */
export async function* oneAhead<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  // A failure is thrown when its turn comes; until then nobody listens to it.
  const ask = () => {
    const asked = iterator.next();
    asked.catch(() => undefined);
    return asked;
  };
  let coming = ask();
  try {
    for (let item = await coming; item.done !== true; item = await coming) {
      coming = ask();
      yield item.value;
    }
  } finally {
    // Comes after what was asked for, so that nothing is read any more once we have ended.
    await iterator.return?.();
  }
}
