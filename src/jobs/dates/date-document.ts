import * as z from 'zod';
import type { StoredDocument } from '../../couchdb/documents.ts';
import { strictFilter } from '../../instances/lookup/instance-filter.ts';
import { domain } from '../../instances/options/strict-values.ts';
import { MOST_AT_ONCE, MOST_CANARY, MOST_PER_SECOND } from '../batches/steering.ts';
import { isTimeOfDay, isTimeZone } from '../batches/window.ts';
import { destroyOptions } from '../kinds/destroy.ts';
import { author, batchId, seenInstance } from '../kinds/envelope.ts';

// What is to be done to an instance at a date: a document of ours in CouchDB, which becomes a job when it is due. A delayed
// job would hold the names of the instance until then.

/** What a date may be for. */
export const DATE_ACTS = ['destroy', 'unblock'] as const;

export type DateAct = (typeof DATE_ACTS)[number];

const moment = z.iso.datetime();
const zone = z.string().refine(isTimeZone);
const timeOfDay = z.string().refine(isTimeOfDay);

/** What holds the batch of a date back; a pause and a time of its own it cannot have. */
const heldBack = z.strictObject({
  window: z.strictObject({ from: timeOfDay, until: timeOfDay, zone }).optional(),
  rate: z.number().positive().max(MOST_PER_SECOND).optional(),
  concurrency: z.int().positive().max(MOST_AT_ONCE).optional(),
  canary: z.int().positive().max(MOST_CANARY).optional(),
});

/** The block that goes with a date. */
const block = z.strictObject({
  /** Whether it was made for the date; else it was there before, by somebody else. */
  ours: z.boolean(),
  /**
   * What the instance is to say once it is blocked for the date: by that a block is known as ours which was made by a worker
   * that died before it could write `reason`. Absent where it was blocked already.
   */
  wanted: z.string().max(1000).optional(),
  /** What the instance says since it is blocked; absent until that was seen. */
  reason: z.string().max(1000).optional(),
});

export type DateBlock = Readonly<z.infer<typeof block>>;

const shared = {
  _id: z.string().min(1).max(1100),
  _rev: z.string().min(1).optional(),
  /** Of the document: another one is left alone. */
  v: z.literal(1),
  domain,
  /** The very document and life of the domain that the operator saw. */
  instance: seenInstance,
  due: moment,
  /** In which the date is shown. */
  zone,
  /** As it was typed, such as `30d`. */
  said: z.string().min(1).max(100),
  /** The batch that it becomes: all dates that one command has set. */
  batch: batchId,
  /** Row of that batch, from 1. */
  row: z.int().positive(),
  /** Dates that the command was about. */
  total: z.int().positive(),
  /** Their number, where somebody has typed it. */
  confirmed: z.int().positive().optional(),
  /** What the batch is called. */
  name: z.string().min(1).max(1000),
  ...author,
  setAt: moment,
  tries: z.int().positive(),
  steering: heldBack.optional(),
  maxFailures: z.int().min(0).optional(),
  maxFailuresPercent: z.number().min(0).max(100).optional(),
  /** Address to notify, sealed (`fleet/notices.ts`). */
  notify: z.string().optional(),
  block: block.optional(),
  /** How often it was put off, for other work had the instance; absent = never. */
  turn: z.int().positive().optional(),
  /** Since when its job is, or is about to be, queued. */
  queued: z.strictObject({ at: moment }).optional(),
  /** The job that has asked for it last, and may have begun. */
  begun: z.strictObject({ job: z.string().min(1).max(100) }).optional(),
  /** Why nothing more is done about it by itself. */
  ended: z.strictObject({ code: z.string().max(64), message: z.string().max(1000), at: moment }).optional(),
};

// Strict: what a later version has added must not be passed over by a worker of this one.
const dateDocument = z.discriminatedUnion('act', [
  z.strictObject({
    ...shared,
    act: z.literal('destroy'),
    destruction: z.strictObject(destroyOptions),
    /** What the instance must still be when its turn comes. */
    filter: strictFilter.optional(),
  }),
  z.strictObject({ ...shared, act: z.literal('unblock') }),
]);

/** The reason by which the block is known that was, or may have been, made for a date; undefined where none was. */
export function ownReason({ block: made }: { readonly block?: DateBlock | undefined }): string | undefined {
  return made?.ours === true ? (made.reason ?? made.wanted) : undefined;
}

/** What a date says that was typed by nobody: the end of a block whose destruction was taken back. No typed time reads like it. */
export const LIFT_SAID = 'now';

/** Whether it lifts the block of a destruction that was taken back. */
export function isLift({ act, said }: Pick<NewDate, 'act' | 'said'>): boolean {
  return act === 'unblock' && said === LIFT_SAID;
}

/** A date that is to be written. */
export type NewDate = Readonly<z.infer<typeof dateDocument>>;

/** A date as CouchDB has it. */
export type StoredDate = NewDate & { readonly _rev: string };

/** Of the document with the date: an instance has one for each act. @param instanceId `_id` of the instance's document */
export function dateId(act: DateAct, instanceId: string): string {
  return `${act}:${instanceId}`;
}

/** A document as a date; undefined for one that is none of ours, or of a version that this one does not know. */
export function readDate(document: StoredDocument): StoredDate | undefined {
  const read = dateDocument.safeParse(document);
  if (!read.success || read.data._id !== dateId(read.data.act, read.data.instance.id)) return undefined;
  return { ...read.data, _rev: document._rev };
}

/** How a date stands. */
export type DateState = 'set' | 'queued' | 'ended';

export function dateState({ queued, ended }: NewDate): DateState {
  if (ended !== undefined) return 'ended';
  return queued === undefined ? 'set' : 'queued';
}

/** The date with why nothing more is done about it by itself. */
export function endedDate<Each extends NewDate>(
  date: Each,
  { code, message }: { readonly code: string; readonly message: string },
): Each {
  const ended = { code: code.slice(0, 64), message: message.slice(0, 1000), at: new Date().toISOString() };
  return { ...date, ended };
}
