import { Flags } from '@oclif/core';
import { defined } from '../../defined.ts';
import { InputError } from '../../errors.ts';
import { localZone } from '../../jobs/batches/hold-of.ts';
import { parseSteering, type SteeringInput } from '../../operations/batches/steering-input.ts';
import type { BatchNaming } from '../../operations/instances/prepared-batch.ts';

/** What all of these flags of a command have in common. */
interface SharedFlagOptions {
  readonly helpGroup?: string;
  readonly dependsOn?: string[];
}

export const RATE_SUMMARY = 'Most instances to begin in a second, minute or hour, such as 10/s or 500/h';

/** How a batch is held back, be it a new one or one that runs. */
export function steeringFlags(shared: SharedFlagOptions) {
  return {
    'max-failures': Flags.string({
      summary: 'Stop when more instances than this have failed, or more than this share of them',
      helpValue: '<n>|<p>%',
      ...shared,
    }),
    canary: Flags.string({
      summary: 'Begin with so many instances; the others wait for batches resume',
      helpValue: '<n>',
      ...shared,
    }),
    concurrency: Flags.string({
      summary: 'Most instances to work on at a time',
      helpValue: '<n>',
      ...shared,
    }),
    rate: Flags.string({ summary: RATE_SUMMARY, helpValue: '<n>/s|m|h', ...shared }),
    at: Flags.string({ summary: 'Begin when clocks show this time next', helpValue: '<HH:MM>', ...shared }),
    between: Flags.string({
      summary: 'Begin instances in these hours of each day only, such as 22:00-06:00',
      helpValue: '<HH:MM-HH:MM>',
      ...shared,
    }),
    'time-zone': Flags.string({
      summary: "Time zone of --at and --between [default: this machine's]",
      helpValue: '<Europe/Paris>',
      ...shared,
    }),
  };
}

/** What `steeringFlags` were given. */
export interface GivenSteeringFlags {
  readonly 'max-failures'?: string | undefined;
  readonly canary?: string | undefined;
  readonly concurrency?: string | undefined;
  readonly rate?: string | undefined;
  readonly at?: string | undefined;
  readonly between?: string | undefined;
  readonly 'time-zone'?: string | undefined;
}

/** Reads the flags. @param mayClear whether `none` takes a limit away @throws InputError, with the flag */
export function readSteeringFlags(flags: GivenSteeringFlags, mayClear: boolean): SteeringInput {
  const {
    'max-failures': maxFailures,
    'time-zone': timeZone,
    canary,
    concurrency,
    rate,
    at,
    between,
  } = flags;
  const texts = { maxFailures, timeZone, canary, concurrency, rate, at, between };
  return parseSteering(texts, { now: Date.now(), zone: localZone() }, mayClear);
}

/** How a new batch is held back. @throws InputError, with the flag */
export function steeringOptionsOf(flags: GivenSteeringFlags): Pick<BatchNaming, 'maxFailures' | 'steering'> {
  const { steering, maxFailures } = readSteeringFlags(flags, false);
  return { steering, maxFailures: maxFailures ?? undefined };
}

/** @throws InputError `bad_choice` where a flag is given that means nothing for a single instance */
export function refuseSteeringOfOne(flags: GivenSteeringFlags): void {
  const { canary, concurrency, rate, at, between, 'time-zone': timeZone } = flags;
  const [given] = Object.keys(defined({ rate, canary, concurrency, at, between, 'time-zone': timeZone }));
  if (given === undefined) return;
  throw new InputError('bad_choice', `--${given} is for many instances, and one is named`);
}
