import { randomUUID } from 'node:crypto';
import { defined } from '../../defined.ts';
import type { SteeringChange } from '../../jobs/batches/steering.ts';
import type { FailureShare } from '../batches/steering-input.ts';
import type { Plan } from './plan.ts';
import { PLAN_FORMAT, PLAN_VERSION, type PlanHead, planMac } from './plan-format.ts';
import { jobOfRow } from './plan-ids.ts';
import type { PlannedRow } from './plan-rows.ts';

/** What a plan is written with besides its rows. */
export interface PlanFacts {
  readonly fleetId: string;
  /** Of the fleet: base64 of 32 bytes. */
  readonly sealKey: string;
  /** Who made it, for the record: `user@host`. */
  readonly by: string;
  readonly name: string | undefined;
  readonly reason: string;
  readonly tries: number;
  readonly maxFailures: FailureShare | undefined;
  /** What holds the batch back; times of a day are given when it is submitted. */
  readonly steering?: SteeringChange | undefined;
}

/** The head of a plan that is made now, with an id of its own. */
export function headOf(
  { kind, name, rate, counts, scope }: Plan,
  { fleetId, by, reason, tries, maxFailures, steering = {}, ...facts }: PlanFacts,
): PlanHead {
  const { canary, concurrency } = steering;
  return {
    format: PLAN_FORMAT,
    version: PLAN_VERSION,
    plan: randomUUID(),
    fleet: fleetId,
    kind,
    name: facts.name ?? name,
    reason,
    options: {
      tries,
      ...defined({
        maxFailures,
        canary: canary ?? undefined,
        concurrency: concurrency ?? undefined,
        rate: steering.rate ?? rate,
      }),
    },
    at: new Date().toISOString(),
    by,
    counts: { ...counts },
    ...(scope !== undefined && scope.pruned > 0 && { scope }),
  };
}

/** The lines of a plan as they are written to a file, each with its line feed. */
export function* planLines(head: PlanHead, { rows }: Plan, sealKey: string): Generator<string> {
  const mac = planMac(sealKey);
  for (const each of [head, ...rows.map((row) => rowLine(head.plan, row))]) {
    const line = `${JSON.stringify(each)}\n`;
    mac.update(line);
    yield line;
  }
  yield `${JSON.stringify({ rows: rows.length, mac: mac.digest('base64url') })}\n`;
}

function rowLine(planId: string, { request, domain, verdict, unknown }: PlannedRow) {
  const { row, work, seal, original } = request;
  const sealed = seal === undefined ? {} : { sealedPassphrase: seal(jobOfRow(planId, row)) };
  const kept = original === undefined ? {} : { original: original.columns };
  return { row, domain, verdict, unknown, ...kept, work: { ...work, ...sealed } };
}
