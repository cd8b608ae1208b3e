import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import type { Unreadable } from '../../instances/lookup/readable.ts';
import type { SeenInstance } from '../../jobs/payload.ts';

/** An instance that a command is to work on, as it was when the operator looked. */
export interface Target {
  /** Line in the operator's file, or its place in the list, from 1. */
  readonly row: number;
  /** Normalised. */
  readonly domain: string;
  /** Absent when there is no such instance. */
  readonly seen?: SeenInstance;
}

/** @param row place in the list, from 1 */
export function targetOf({ _id, domain, cli_secret: secret }: StoredInstance, row: number): Target {
  return { row, domain, seen: { id: _id, incarnation: incarnationOf(secret ?? '') } };
}

/** One whose document cannot be read: its job is refused as `unreadable`, and as another life once it was corrected. */
export function unreadableTarget({ _id, domain }: Unreadable, row: number): Target {
  return { row, domain, seen: { id: _id, incarnation: incarnationOf('') } };
}
