import { type Finding, findingsOf } from './finding.ts';

const found = findingsOf('clocks');

/** What another machine's clock said. */
export interface ClockReading {
  /** Whose it is. */
  readonly name: string;
  /** What it said, in milliseconds since 1970. */
  readonly said: number;
  /** How coarse that is, in milliseconds: it was cut to a multiple of it. */
  readonly grain: number;
  /** What our own clock said when it was asked and when it answered. */
  readonly asked: number;
  readonly answered: number;
}

/** Differences in milliseconds: what is noticed, and what breaks something. */
const NOTICED_MS = 2_000;
const BROKEN_MS = 60_000;

/** By how much a clock goes before ours at least, or behind it (negative): 0 where they may be equal. */
export function clockOffset({ said, grain, asked, answered }: ClockReading): number {
  const least = said - answered;
  const most = said + grain - asked;
  if (least > 0) return least;
  return Math.min(most, 0);
}

export function judgeClock(reading: ClockReading): Finding {
  const { name } = reading;
  const offset = clockOffset(reading);
  const size = Math.abs(offset);
  const text = `${name} is ${(size / 1000).toFixed(1)} s ${offset > 0 ? 'ahead of' : 'behind'} this machine`;
  const advice =
    'Have all machines keep the time (chrony, systemd-timesyncd): timedatectl says whether this one does.';
  if (size > BROKEN_MS) return found.fail('clock', text, advice);
  if (size > NOTICED_MS) return found.warn('clock', text, advice);
  return found.ok('clock', `${name} and this machine agree about the time`);
}

/** Asks a clock. @param ask answers milliseconds since 1970, or undefined where it has none */
export async function readClock(
  name: string,
  grain: number,
  now: () => number,
  ask: () => Promise<number | undefined>,
): Promise<ClockReading | undefined> {
  const asked = now();
  const said = await ask();
  return said === undefined ? undefined : { name, said, grain, asked, answered: now() };
}

/** A clock that did not answer: why is told where its server is looked at. */
export function unreadClock(name: string): Finding {
  return found.warn(
    'clock',
    `what ${name} takes for the time could not be asked`,
    `Put ${name} right first.`,
  );
}
