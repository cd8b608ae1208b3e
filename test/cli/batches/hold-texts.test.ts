import { expect } from 'chai';
import { holdTexts } from '../../../src/cli/batches/hold-texts.ts';
import type { Hold } from '../../../src/operations/batches/holds.ts';

describe('what keeps a batch from going on', () => {
  const pause = { kind: 'paused', by: 'a@b', at: Date.UTC(2026, 5, 1), reason: 'look\nfirst' } as const;
  const example = { row: 2, domain: 'a.example.org', message: '/srv is not\nthere', advice: 'Mount it.' };
  const cases: readonly (readonly [Hold, RegExp])[] = [
    [{ hold: 'no-worker' }, /^No worker is running\. Start one: cozy-fleet workers start$/],
    [{ hold: 'workers-wait', waitsFor: ['a:1', 'b\n:2'] }, /^The workers wait for a:1 and b :2\.$/],
    [
      {
        hold: 'rows-wait',
        rows: { stage: 'export', code: 'export_place', rows: 2, hosts: ['a', 'b'], example },
      },
      /^Rows wait at export, with the workers on a, b: \/srv is not there\.\nMount it\.$/,
    ],
    [
      { hold: 'halted', halt: 'cancelled', reason: '' },
      /^Stopped \(cancelled\): waiting rows are passed over\.$/,
    ],
    [
      { hold: 'queue-paused', by: 'a@b', reason: '' },
      /^The queue is paused by a@b\.\nLet it go on: {2}cozy-fleet queues resume$/,
    ],
    [
      { hold: 'held', why: pause, batchId: '7Q2K4' },
      /^Held: paused by a@b on 2026-.*: look first\.\nLet it go on: {2}cozy-fleet batches resume 7Q2K4$/,
    ],
    [
      { hold: 'held', why: { kind: 'canary', rows: 5, ended: 5 }, batchId: '7Q2K4' },
      /^Held: its canary of 5 rows has ended, and the others wait\.\nLet it go on: {2}cozy-fleet batches resume 7Q2K4$/,
    ],
  ];
  for (const [hold, text] of cases) {
    it(`is told in a sentence: ${'why' in hold ? hold.why.kind : hold.hold}`, () => {
      expect(holdTexts(hold).join('\n')).to.match(text);
    });
  }
});
