import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { CouchDocument } from '../../couchdb/documents.ts';
import { isPassing, isStatus } from '../../couchdb/errors.ts';

import { pause } from '../../pause.ts';
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

export interface UpdateResult<Document> {
  readonly outcome: 'modified' | 'unchanged';
  /** As it is stored now. */
  readonly document: Document;
}

/** Longest pause after a conflict, in milliseconds: that of the first one, and the most it grows to. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;

/** Times that a write is sent where no answer says whether the last one was done. */
const WRITE_TRIES = 3;
const UNKNOWN_PAUSE_MS = 300;

/**
 * Changes a document beside other programs that do the same: after a conflict it is read and changed anew, as the
 * stack does it, without limit (`docs/cozy-data.md` §6.3). Nothing is written where nothing changes. Where no
 * answer says whether it was written, the document is read and shows it.
 */
export async function updateDocument<Document extends CouchDocument>(
  update: DocumentUpdate<Document>,
): Promise<UpdateResult<Document>> {
  const { signal } = update;
  let sent: Document | undefined;
  let unknown = 0;
  for (let longest = FIRST_PAUSE_MS; ; longest = Math.min(2 * longest, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    const before = await update.read();
    if (sent !== undefined && isSame(before, sent)) return { outcome: 'modified', document: before };
    const after = update.change(before);
    if (isDeepStrictEqual(before, after)) return { outcome: 'unchanged', document: before };
    try {
      const _rev = await update.write(after);
      return { outcome: 'modified', document: { ...after, _rev } };
    } catch (error) {
      if (!isStatus(error, 409)) {
        unknown += 1;
        if (!isPassing(error) || unknown === WRITE_TRIES) throw error;
        sent = after;
        await pause(UNKNOWN_PAUSE_MS * unknown, signal);
        continue;
      }
    }
    await pause(randomInt(longest) + 1, signal);
  }
}

/** Whether it is the document that was sent, under whatever revision. */
function isSame(now: CouchDocument, sent: CouchDocument): boolean {
  return isDeepStrictEqual({ ...now, _rev: '' }, { ...sent, _rev: '' });
}
