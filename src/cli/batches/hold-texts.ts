import type { WaitingRows } from '../../operations/batches/failure-groups.ts';
import type { Hold } from '../../operations/batches/holds.ts';
import { oneLine } from '../../safe-text.ts';
import { holdLines } from '../terminal/hold-lines.ts';
import { START_A_WORKER } from '../terminal/worker-notice.ts';
import { hostsText, whereText } from './failure-lines.ts';

/** What keeps a batch from going on, in sentences for whoever can change it. */
export function holdTexts(hold: Hold): string[] {
  switch (hold.hold) {
    case 'no-worker':
      return [`No worker is running. Start one: ${START_A_WORKER}`];
    case 'workers-wait':
      return [`The workers wait for ${hold.waitsFor.map(oneLine).join(' and ')}.`];
    case 'rows-wait':
      return waitTexts(hold.rows);
    case 'halted':
      return [`Stopped (${hold.halt}${because(hold)}): waiting rows are passed over.`];
    case 'queue-paused':
      return [
        `The queue is paused by ${oneLine(hold.by)}${because(hold)}.`,
        'Let it go on:  cozy-fleet queues resume',
      ];
    case 'held':
      return holdLines([hold.why], hold.batchId);
    default:
      return hold satisfies never;
  }
}

/**
 * By which it is known that this was told before; a host that comes to those on which rows wait has to be told. Messages of
 * rows are left out: they name each row's own instance, or a size that is another one each time.
 */
export function holdKeys(hold: Hold): string[] {
  if (hold.hold !== 'rows-wait') return [JSON.stringify([hold.hold, ...holdTexts(hold)])];
  const { stage, code, hosts } = hold.rows;
  return hosts.map((host) => JSON.stringify([hold.hold, stage, code, host]));
}

/** Whether it comes and goes with each try, so that its coming again is nothing new. */
export function comesAndGoes({ hold }: Hold): boolean {
  return hold === 'rows-wait';
}

/** Without numbers of rows, which change all the time. */
function waitTexts({ stage, hosts, example: { message, advice } }: WaitingRows): string[] {
  const said = `Rows wait ${whereText(stage)}, ${hostsText(hosts)}: ${message}.`;
  return [said, ...(advice === '' ? [] : [advice])].map(oneLine);
}

function because({ reason }: { readonly reason: string }): string {
  return reason === '' ? '' : `: ${oneLine(reason)}`;
}
