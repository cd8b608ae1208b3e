import { expect } from 'chai';
import { reservationId } from '../../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../../src/instances/documents/instance-document.ts';
import { classifyDocument } from '../../../../src/instances/lookup/classify-document.ts';
import { endedDate, LIFT_SAID, type StoredDate } from '../../../../src/jobs/dates/date-document.ts';
import {
  type DateOrder,
  judgeSetting,
  type SettingFacts,
} from '../../../../src/operations/instances/dates/judge-setting.ts';
import { targetOf } from '../../../../src/operations/targets/target.ts';
import { DUE, DUE_MS, destroyDate, unblockDate } from '../../../support/test-dates.ts';

const plain: StoredInstance = {
  ...{ _id: 'one', _rev: '1-a', domain: 'one.example.org', locale: 'en', password_defined: false },
  cli_secret: 'AAAA',
};
const NOW = DUE_MS - 30 * 86_400_000;
const when = { due: DUE_MS, zone: 'Europe/Paris', said: DUE, replace: false };
const destruction = { skipAccounts: false, resume: false };
const destroy: DateOrder = { ...when, act: 'destroy', destruction };
const unblock: DateOrder = { ...when, act: 'unblock', block: { reason: 'PAUSE' } };
const shared = {
  ...{ batch: 'NEW', total: 3, confirmed: 3, name: 'file.csv', by: 'me', reason: undefined, tries: 1 },
  ...{ steering: undefined, maxFailures: undefined, maxFailuresPercent: undefined, notify: undefined },
};

function judged(
  order: DateOrder,
  instance: StoredInstance,
  facts: Partial<SettingFacts> = {},
  how: Partial<Parameters<typeof judgeSetting>[1]> = {},
) {
  const about = { found: classifyDocument(instance), same: undefined, other: undefined, ...facts };
  return judgeSetting(order, { ...shared, ...how }, targetOf(instance, 2), undefined, about, NOW);
}

const stored = <Each extends object>(date: Each) => ({ ...date, _rev: '4-d' });
const blocked = (reason: string): StoredInstance => ({ ...plain, blocked: true, blocking_reason: reason });

/** As a creation leaves it until it is done. */
const reserved: StoredInstance = {
  ...blocked(`PROVISIONING:${'a'.repeat(16)}`),
  _id: reservationId(plain.domain),
};

describe('setting a date', () => {
  it('keeps the life of the instance, the moment and who wanted it', () => {
    const verdict = judged(destroy, plain);
    expect(verdict).to.include({ verdict: 'set', blocks: false });
    expect('date' in verdict && verdict.date).to.deep.include({
      ...{
        _id: 'destroy:one',
        act: 'destroy',
        due: DUE,
        zone: 'Europe/Paris',
        batch: 'NEW',
        row: 2,
        by: 'me',
      },
      instance: targetOf(plain, 2).seen,
    });
  });

  it('blocks what is not blocked yet, and says so in the date only once that was seen', () => {
    const verdict = judged(unblock, plain);
    expect(verdict).to.include({ verdict: 'set', blocks: true });
    expect('date' in verdict && verdict.date.block).to.deep.equal({ ours: true, wanted: 'PAUSE' });
  });

  it('says beforehand which reason its block will have, where none was typed', () => {
    const verdict = judged({ ...destroy, block: {} }, plain);
    expect('date' in verdict && verdict.date.block).to.deep.equal({ ours: true, wanted: 'UNKNOWN' });
  });

  const window = { from: '22:00', until: '06:00', zone: 'Europe/Paris' };

  for (const [flag, how] of [
    ['--between', { steering: { window } }],
    ['--canary', { steering: { canary: 3 } }],
    ['--rate', { steering: { rate: 2 } }],
    ['--concurrency', { steering: { concurrency: 2 } }],
    ['--tries', { tries: 8 }],
    ['--max-failures', { maxFailures: 2 }],
    ['--max-failures', { maxFailures: 0, maxFailuresPercent: 2 }],
    ['--reason', { reason: 'left' }],
  ] as const) {
    it(`is another one with another ${flag}, and says so (${JSON.stringify(how)})`, () => {
      const same: StoredDate = stored(destroyDate(plain));
      const verdict = judged(destroy, plain, { same }, how);
      expect(verdict).to.include({ verdict: 'other' });
      expect('why' in verdict && verdict.why).to.match(new RegExp(`not as asked: ${flag}$`));
      const replaced = judged({ ...destroy, replace: true }, plain, { same }, how);
      expect('date' in replaced && replaced.date).to.deep.include(how);
      const before: StoredDate = stored(destroyDate(plain, how));
      expect(judged(destroy, plain, { same: before }, how)).to.include({ verdict: 'same' });
      expect(judged(destroy, plain, { same: before })).to.include({ verdict: 'other' });
    });
  }

  it('is another one that notifies somebody else, and the same where nobody can tell', () => {
    const same: StoredDate = stored(destroyDate(plain, { notify: 'sealed' }));
    expect(judged(destroy, plain, { same, notifiesSame: false })).to.include({ verdict: 'other' });
    expect(judged(destroy, plain, { same })).to.include({ verdict: 'same' });
  });

  it('is another one once its number is confirmed that nobody had said', () => {
    const { confirmed: _, ...unsaid } = destroyDate(plain);
    const same: StoredDate = stored(unsaid);
    const verdict = judged(destroy, plain, { same });
    expect('why' in verdict && verdict.why).to.contain('--however-many');
    expect(judged(destroy, plain, { same }, { confirmed: undefined })).to.include({ verdict: 'same' });
  });

  it('is the same again where it was blocked already, whatever reason is typed', () => {
    const order: DateOrder = { ...destroy, block: { reason: 'LEFT' } };
    const instance = blocked('PAYMENT_FAILED');
    const first = judged(order, instance);
    const same = 'date' in first ? stored(first.date) : undefined;
    expect(judged(order, instance, { same })).to.include({ verdict: 'same' });
  });

  it('is another one with another reason for a block that is not made yet', () => {
    const same: StoredDate = stored(unblockDate(plain, { block: { ours: true, wanted: 'LEFT' } }));
    expect(judged(unblock, plain, { same })).to.include({ verdict: 'other' });
  });

  it('does not take the place of one whose job had failed and is tried again', () => {
    const due = '2099-09-01T00:00:00.000Z';
    const begun = stored(destroyDate(plain, { due, begun: { job: 'j' } }));
    const same: StoredDate = endedDate(begun, { code: 'export_incomplete', message: 'x' });
    expect(judged({ ...destroy, replace: true }, plain, { same, lives: true })).to.include({
      verdict: 'other',
    });
  });

  it('with a block waits until that of a destruction that was taken back is lifted', () => {
    const other = stored(unblockDate(plain, { said: LIFT_SAID, block: { ours: true, reason: 'LEFT' } }));
    const verdict = judged({ ...destroy, block: { reason: 'LEFT' } }, blocked('LEFT'), { other });
    expect(verdict).to.include({ verdict: 'refused' });
    expect(verdict)
      .to.have.property('why')
      .that.contains('is being lifted')
      .and.not.contains('take that back');
  });

  it('keeps to a block of somebody else for a destruction, and makes none', () => {
    const verdict = judged({ ...destroy, block: {} }, blocked('PAYMENT_FAILED'));
    expect(verdict).to.include({ verdict: 'set', blocks: false });
    expect('date' in verdict && verdict.date.block).to.deep.equal({ ours: false, reason: 'PAYMENT_FAILED' });
  });

  it('is the same again where it was written and its block was not made', () => {
    const date: StoredDate = stored(unblockDate(plain, { said: DUE, block: { ours: true } }));
    expect(judged(unblock, plain, { same: date })).to.deep.equal({ verdict: 'same', date, blocks: true });
  });

  it('is the same again by the same duration a little later, and another one the next day', () => {
    const same: StoredDate = stored(destroyDate(plain, { said: '30d' }));
    const order = { ...destroy, said: '30d' };
    expect(judged({ ...order, due: DUE_MS + 60_000 }, plain, { same })).to.include({ verdict: 'same' });
    expect(judged({ ...order, due: DUE_MS + 86_400_000 }, plain, { same })).to.include({ verdict: 'other' });
  });

  it('takes the place of another one only where that was asked for, under its revision', () => {
    const same: StoredDate = stored(destroyDate(plain, { due: '2099-09-01T00:00:00.000Z' }));
    const verdict = judged(destroy, plain, { same });
    expect(verdict).to.deep.equal({
      verdict: 'other',
      why: 'a date: destroy on 2099-09-01 02:00 Europe/Paris',
    });
    const replaced = judged({ ...destroy, replace: true }, plain, { same });
    expect(replaced).to.include({ verdict: 'replaced', before: same });
    expect('date' in replaced && replaced.date).to.include({ _rev: '4-d', batch: 'NEW' });
  });

  it('does not take the place of one whose job has begun', () => {
    const same: StoredDate = stored(
      destroyDate(plain, { due: '2099-09-01T00:00:00.000Z', begun: { job: 'j' } }),
    );
    expect(judged({ ...destroy, replace: true }, plain, { same })).to.include({ verdict: 'other' });
    const ended = endedDate(same, { code: 'guard', message: 'x' });
    expect(judged({ ...destroy, replace: true }, plain, { same: ended })).to.include({ verdict: 'replaced' });
  });

  it('is another one where its options, its filter or the life of its instance are', () => {
    const one: StoredDate = stored(destroyDate(plain));
    for (const same of [
      { ...one, destruction: { skipAccounts: true, resume: false } },
      { ...one, filter: { context: 'x' } },
      { ...one, instance: { id: 'one', incarnation: '0'.repeat(16) } },
      endedDate(one, { code: 'changed', message: 'x' }),
    ]) {
      expect(judged(destroy, plain, { same: same as StoredDate })).to.include({ verdict: 'other' });
    }
    expect(judged(destroy, plain, { same: one })).to.include({ verdict: 'same' });
  });

  const REFUSED: readonly (readonly [
    string,
    DateOrder,
    StoredInstance,
    Partial<SettingFacts>,
    string,
    string,
  ])[] = [
    ['that is blocked already', unblock, blocked('X'), {}, 'refused', 'it is blocked already (X)'],
    ['that is being deleted', destroy, { ...plain, deleting: true }, {}, 'refused', 'it is being deleted'],
    ['that is being made', destroy, reserved, {}, 'refused', 'it is being made'],
    ['with a date of another version', destroy, plain, { same: 'unreadable' }, 'other', 'of another version'],
    [
      'that is unblocked at a date, where its block is to stay until it goes',
      { ...destroy, block: {} },
      blocked('PAUSE'),
      { other: stored(unblockDate(plain, { block: { ours: true, reason: 'PAUSE' } })) },
      'refused',
      'a date: unblock on',
    ],
  ];

  for (const [what, order, instance, facts, verdict, why] of REFUSED) {
    it(`is refused for an instance ${what}`, () => {
      const found = judged(order, instance, facts);
      expect(found).to.include({ verdict });
      expect('why' in found && found.why).to.contain(why);
    });
  }

  it('is nothing for a domain without an instance', () => {
    expect(judged(destroy, plain, { found: undefined })).to.deep.equal({ verdict: 'missing' });
  });
});
