import { timingSafeEqual } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import { InputError } from '../../errors.ts';
import type { OriginalRow } from '../../jobs/fleet/original-rows.ts';
import { unsealMarked } from '../../jobs/fleet/sealed-passphrase.ts';
import { type JobSpec, parsePayload } from '../../jobs/kinds/payload.ts';
import type { BatchRow } from '../batches/queue-rows.ts';
import { type InputSource, spoolInput } from '../input/spool.ts';
import { textLines } from '../input/text-lines.ts';
import {
  anyHead,
  PLAN_VERSION,
  type PlanHead,
  type PlannedVerdict,
  planHead,
  planMac,
  planRow,
  planTail,
} from './plan-format.ts';
import { jobOfRow } from './plan-ids.ts';

/** A row of a plan that was read. */
export interface ReadRow {
  readonly domain: string;
  readonly verdict: PlannedVerdict;
  readonly request: BatchRow;
}

/** A plan that is known to be whole, and of this fleet. To be closed in any case. */
export interface ReadPlan {
  readonly head: PlanHead;
  /** As it is shown to the operator. */
  readonly file: string;
  /** All rows in their order. @throws InputError `file_changed` */
  rows(): AsyncGenerator<ReadRow>;
  close(): Promise<void>;
}

/** By which it is known that a plan was made by this fleet. */
export interface PlanKeys {
  readonly fleetId: string;
  /** Base64 of 32 bytes. */
  readonly sealKey: string;
}

/** Bytes: a row has all options of an instance and a sealed vault. */
const LONGEST_LINE = 4 * 1024 ** 2;

/**
 * Opens a plan and looks at all of it before any of its rows is believed.
 * @throws InputError `bad_plan`, and as `spoolInput`
 */
export async function openPlan(source: InputSource, stdin: Readable, keys: PlanKeys): Promise<ReadPlan> {
  const input = await spoolInput(source, stdin);
  const file = input.name;
  const lines = () => textLines(input.open(), { file, maxLineBytes: LONGEST_LINE });
  try {
    const head = await verified(lines(), file, keys);
    return {
      head,
      file,
      async *rows() {
        let held: { readonly number: number; readonly text: string } | undefined;
        for await (const line of lines()) {
          // Neither the first line nor the last one is a row.
          if (held !== undefined) yield rowOf(held.text, head, keys.sealKey, { file, line: held.number });
          held = line.number === 1 ? undefined : line;
        }
      },
      close: () => input.close(),
    };
  } catch (error) {
    await input.close();
    throw error;
  }
}

interface Place {
  readonly file: string;
  readonly line: number;
}

async function verified(
  lines: AsyncIterable<{ readonly number: number; readonly text: string }>,
  file: string,
  { fleetId, sealKey }: PlanKeys,
): Promise<PlanHead> {
  const mac = planMac(sealKey);
  let head: PlanHead | undefined;
  let last = '';
  let count = 0;
  for await (const { number, text } of lines) {
    if (number === 1) head = headOf(text, fleetId, file);
    else mac.update(`${last}\n`);
    last = text;
    count = number;
  }
  const place = { file, line: count };
  const tail = planTail.safeParse(json(last)).data;
  if (head === undefined) throw badPlan('The file is no plan.', { file, line: 1 });
  if (tail === undefined || tail.rows !== count - 2) {
    throw badPlan('The plan does not end here: the file was cut short, or lines are missing.', place);
  }
  const given = Buffer.from(tail.mac, 'base64url');
  const expected = mac.digest();
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw badPlan('The plan is not what was written: something above this line was changed.', place);
  }
  return head;
}

function headOf(text: string, fleetId: string, file: string): PlanHead {
  const place = { file, line: 1 };
  const any = anyHead.safeParse(json(text)).data;
  if (any === undefined) throw badPlan('The file is no plan: it does not begin as one.', place);
  if (any.version !== PLAN_VERSION) {
    throw badPlan(
      `The plan is of version ${any.version}, and this cozy-fleet reads version ${PLAN_VERSION}.`,
      place,
    );
  }
  const head = planHead.safeParse(any);
  if (!head.success) throw badPlan(`The first line is not that of a plan: ${problemOf(head.error)}.`, place);
  if (head.data.fleet !== fleetId) throw badPlan('The plan was made for another fleet.', place);
  return head.data;
}

function rowOf(text: string, head: PlanHead, sealKey: string, place: Place): ReadRow {
  const parsed = planRow.safeParse(json(text));
  if (!parsed.success) throw badPlan(`The line is not a row of a plan: ${problemOf(parsed.error)}.`, place);
  const { row, domain, verdict, work, original: columns } = parsed.data;
  const { tries } = head.options;
  const task = taskOf(work, tries, place);
  const { sealedPassphrase } = work;
  const jobId = jobOfRow(head.plan, row);
  const sealed = typeof sealedPassphrase === 'string' ? sealedPassphrase : undefined;
  const request = {
    row,
    tries,
    work: task,
    jobId,
    ...(columns && { original: { columns, ...keptPassphrase(task, sealed, jobId, sealKey) } }),
    ...(sealed !== undefined && { seal: () => sealed }),
  };
  return { domain, verdict, request };
}

/** The passphrase of a row in the form in which it is kept with its columns. */
function keptPassphrase(
  task: JobSpec,
  sealed: string | undefined,
  jobId: string,
  sealKey: string,
): Omit<OriginalRow, 'columns'> {
  if (task.kind !== 'create' || sealed === undefined) return {};
  const { domain, oldDomain } = task.options;
  const passphrase = unsealMarked(sealKey, sealed, { domain, jobId });
  return { passphrase, owner: { domain, ...(oldDomain && { oldDomain }) } };
}

/** As strictly read as a payload. */
function taskOf(work: object, tries: number, place: Place): JobSpec {
  const payload = parsePayload({ ...work, v: 1, generation: 0, tries });
  if ('outcome' in payload) throw badPlan('The line is not a row of a plan: its work has ended.', place);
  if (payload.kind === 'create') {
    const { kind, options, after } = payload;
    return { kind, options, ...(after !== undefined && { after }) };
  }
  const { v: _, mac: _mac, batch: _batch, generation: _generation, tries: _tries, ...task } = payload;
  return task;
}

function problemOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'unknown'}`.slice(0, 300);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function badPlan(message: string, place: Place): InputError {
  return new InputError('bad_plan', message, place, 'Make the plan again: --dry-run --plan-file.');
}
