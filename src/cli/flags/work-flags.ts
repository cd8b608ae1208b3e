import { Flags } from '@oclif/core';
import type { BatchNaming } from '../../operations/instances/prepared-batch.ts';
import { batchFlags } from './creation-flags.ts';
import { waitMs } from './duration.ts';
import { notifyFlag, notifyOf } from './notify-flag.ts';
import { reasonFlag } from './reason-flag.ts';
import { type GivenSteeringFlags, steeringFlags, steeringOptionsOf } from './steering-flags.ts';

const helpGroup = 'BATCH';

/** What applies to a batch, be it of a file or of a filter. */
export const workFlags = {
  'skip-invalid': batchFlags['skip-invalid'],
  reason: reasonFlag,
  'batch-name': Flags.string({ summary: 'Name of the batch [default: file or filter]', helpGroup }),
  notify: { ...notifyFlag, helpGroup },
  ...steeringFlags({ helpGroup }),
};

/** For work that may destroy or block a large part of the fleet. */
export const howeverManyFlag = Flags.integer({
  summary: 'The number of instances, where more are to be destroyed or blocked than fleet.guard says',
  min: 1,
  helpGroup,
});

/** A file with a domain a line. */
export const domainFileFlag = {
  ...batchFlags.from,
  summary: 'File with a domain a line, CSV or NDJSON; - for stdin',
};

/** What `workFlags`, `waitFlags` and their like were given. */
export interface GivenWorkFlags extends GivenSteeringFlags {
  readonly 'batch-name'?: string | undefined;
  readonly reason?: string | undefined;
  readonly notify?: string | undefined;
  readonly tries: number;
  readonly force: boolean;
  readonly async: boolean;
  readonly wait?: string | undefined;
  readonly 'however-many'?: number | boolean | undefined;
}

/** How a command's work is queued and waited for. */
export interface WorkOptions extends BatchNaming {
  /** Whether nobody is asked to confirm. */
  readonly force: boolean;
  /** Whether to leave once all is queued. */
  readonly async: boolean;
  /** Longest time to wait, in milliseconds; undefined = without limit. */
  readonly waitMs: number | undefined;
}

/** Reads how a command's work is to run. @throws InputError when `--wait` is no duration, or a limit is none */
export function workOptionsOf(flags: GivenWorkFlags): WorkOptions {
  return {
    name: flags['batch-name'],
    reason: flags.reason ?? '',
    notify: notifyOf(flags.notify),
    ...steeringOptionsOf(flags),
    tries: flags.tries,
    howeverMany: typeof flags['however-many'] === 'number' ? flags['however-many'] : undefined,
    force: flags.force,
    async: flags.async,
    waitMs: waitMs(flags.wait),
  };
}
