import { FleetError } from '../../../errors.ts';
import { type CouchTime, soundTime } from '../../../jobs/dates/earlier-clock.ts';

/**
 * Asked before dates are set: `30d` by a clock that is a year behind is past, and everything would be destroyed at once.
 * @throws FleetError `clocks`
 */
export function requireSoundClock(time: CouchTime): void {
  const sound = soundTime(time);
  if (!('problem' in sound)) return;
  throw new FleetError(
    'clocks',
    `${sound.problem}: no date is set by it`,
    'Set the clocks right, then run it again. What they say: cozy-fleet doctor.',
  );
}
