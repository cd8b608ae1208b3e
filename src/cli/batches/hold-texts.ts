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

/** Without numbers of rows: a text that changes all the time would be told all the time. */
function waitTexts({ stage, hosts, example: { message, advice } }: WaitingRows): string[] {
  const said = `Rows wait ${whereText(stage)}, ${hostsText(hosts)}: ${message}.`;
  return [said, ...(advice === '' ? [] : [advice])].map(oneLine);
}

function because({ reason }: { readonly reason: string }): string {
  return reason === '' ? '' : `: ${oneLine(reason)}`;
}
