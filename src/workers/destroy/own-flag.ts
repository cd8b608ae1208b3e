import { generationOf } from '../../couchdb/revision-generation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';

/**
 * Whether this job set the flag, in this attempt or before it died: a later revision than the one it wrote down. No
 * other job can have written it, for this one holds the name.
 */
export function isOwnFlag(markedFrom: string | undefined, { deleting, _rev }: StoredInstance): boolean {
  return deleting === true && markedFrom !== undefined && generationOf(_rev) > generationOf(markedFrom);
}
