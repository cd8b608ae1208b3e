import * as z from 'zod';
import { nextRun, type Schedule, UnreadableSchedule } from './next-run.ts';

/** A service of a web application as the stack stores it: texts, empty where nothing is said. */
export interface Service {
  readonly type: string;
  readonly file: string;
  readonly debounce: string;
  readonly trigger: string;
  readonly trigger_id: string;
}

/** By name. */
export type ServicesByName = Readonly<Record<string, Service>>;

/** What applications write for "never by itself". */
const NEVER = '@at 2000-01-01T00:00:00.000Z';

const text = z
  .string('must be a text')
  .nullish()
  .transform((value) => value ?? '');

const service = z
  .object(
    {
      type: text,
      file: text,
      debounce: text,
      trigger: text.check(({ value, issues }) => {
        const message = faultOf(value);
        if (message !== undefined) issues.push({ code: 'custom', input: value, message });
      }),
    },
    'must be a service',
  )
  // Whatever the manifest says of triggers made: they are the instance's.
  .transform((fields): Service => ({ ...fields, trigger_id: '' }));

/** The `services` of a manifest as they are stored before there are triggers: null where there are none. */
export const services = z
  .record(z.string(), service, 'must be a map of names to services')
  .nullish()
  .transform((byName): ServicesByName | null => byName ?? null);

/** When a service runs by itself; undefined for one that only runs when it is called. */
export function scheduleOf({ trigger }: Pick<Service, 'trigger'>): Schedule | undefined {
  if (trigger === '' || trigger === NEVER) return undefined;
  const space = trigger.indexOf(' ');
  return space === -1
    ? { type: trigger, arguments: '' }
    : { type: trigger.slice(0, space), arguments: trigger.slice(space + 1).trim() };
}

/** What is wrong with a service's `trigger`; undefined for one that a stack takes. */
export function faultOf(trigger: string): string | undefined {
  const schedule = scheduleOf({ trigger });
  if (schedule === undefined) return undefined;
  try {
    // At any time: whether it can be read does not depend on that.
    nextRun(schedule, new Date(0));
    return undefined;
  } catch (error) {
    if (error instanceof UnreadableSchedule) return error.reason;
    throw error;
  }
}
