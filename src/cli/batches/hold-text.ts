import type { Hold } from '../../operations/batches/holds.ts';
import { oneLine } from '../../safe-text.ts';
import { START_A_WORKER } from '../terminal/worker-notice.ts';

/** What keeps a batch from going on, in a sentence for whoever can change it. */
export function holdText(hold: Hold): string {
  switch (hold.hold) {
    case 'no-worker':
      return `No worker is running. Start one: ${START_A_WORKER}`;
    case 'workers-wait':
      return `The workers wait for ${hold.waitsFor.map(oneLine).join(' and ')}.`;
    case 'halted':
      return `Stopped (${hold.halt}${because(hold)}): waiting rows are passed over.`;
    case 'paused':
      return `Paused by ${oneLine(hold.by)}${because(hold)}.`;
    case 'queue-paused':
      return `All work is paused by ${oneLine(hold.by)}${because(hold)}.`;
    case 'canary':
      return `Held: canary of ${hold.of}, ${hold.done} done.`;
    case 'outside-window':
      return `Outside its window until ${timeText(hold.until)}.`;
    default:
      return hold satisfies never;
  }
}

function because({ reason }: { readonly reason: string }): string {
  return reason === '' ? '' : `: ${oneLine(reason)}`;
}

/** A time of this machine's day, with the day where it is another one. @param at milliseconds since 1970 */
function timeText(at: number): string {
  const time = new Date(at);
  const clock = time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return time.toDateString() === new Date().toDateString()
    ? clock
    : `${time.toLocaleDateString('sv-SE')} ${clock}`;
}
