import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { isStatus } from '../couchdb/errors.ts';
import type { CouchDocument } from '../couchdb/server.ts';

/** How a document is read, changed and written. */
export interface DocumentUpdate<Document extends CouchDocument> {
  /** The document as it is now; it throws where there is none to change. */
  read(): Promise<Document>;
  /** Pure; may be asked several times, and may refuse by throwing. */
  change(document: Document): Document;
  /** @returns the new revision */
  write(document: Document): Promise<string>;
  readonly signal?: AbortSignal | undefined;
}

export interface Updated<Document> {
  readonly outcome: 'modified' | 'unchanged';
  /** As it is stored now. */
  readonly document: Document;
}

/** Longest pause after a conflict, in milliseconds: that of the first one, and the most it grows to. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;

/**
 * Changes a document beside others who do the same: after a conflict it is read and changed anew, as the
 * stack does it, without limit (`instance-data.md` §6.3). Nothing is written where nothing changes.
 */
export async function updateDocument<Document extends CouchDocument>(
  update: DocumentUpdate<Document>,
): Promise<Updated<Document>> {
  const { signal } = update;
  for (let longest = FIRST_PAUSE_MS; ; longest = Math.min(2 * longest, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    const before = await update.read();
    const after = update.change(before);
    if (isDeepStrictEqual(before, after)) return { outcome: 'unchanged', document: before };
    try {
      const _rev = await update.write(after);
      return { outcome: 'modified', document: { ...after, _rev } };
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
    }
    await sleep(randomInt(longest) + 1, undefined, { signal });
  }
}
