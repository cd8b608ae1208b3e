import { expect } from 'chai';
import { InputError } from '../../../../src/errors.ts';
import { judgeUnlisted } from '../../../../src/operations/instances/lists/judge-unlisted.ts';
import type { KnownInstance, Unmanaged } from '../../../../src/operations/instances/lists/listed-fleet.ts';
import {
  parseListTime,
  parseScope,
  pruneOrder,
} from '../../../../src/operations/instances/lists/prune-order.ts';
import { destroyDate } from '../../../support/test-dates.ts';

const NOON = Date.parse('2026-11-28T12:00:00Z');
const DAY_MS = 24 * 3600 * 1000;

describe('an instance that is on no list', () => {
  const instance = (more: Partial<KnownInstance> = {}): KnownInstance => ({
    seen: { id: '1', incarnation: '0123456789abcdef' },
    domain: 'acme.example.org',
    rev: '1-a',
    inScope: true,
    ...more,
  });
  const nobody = { othersOf: () => [], withDomain: () => [instance()] };
  const old = {
    listTime: NOON,
    createdAt: NOON - DAY_MS,
    hasChanged: false,
    date: undefined,
    joined: new Set<string>(),
  };

  it('goes where it is old, and in the scope', () => {
    expect(judgeUnlisted(instance(), nobody, old)).to.deep.equal({ unlisted: 'prune' });
  });

  it('is only named where nothing is to be pruned, and out of the scope', () => {
    expect(judgeUnlisted(instance(), nobody, undefined)).to.include({ unlisted: 'named', code: 'unlisted' });
    expect(judgeUnlisted(instance({ inScope: false }), nobody, old)).to.include({ unlisted: 'named' });
  });

  for (const unmanaged of ['deleting', 'reserved', 'importing', 'moved'] satisfies Unmanaged[]) {
    it(`is left alone while it is ${unmanaged}`, () => {
      expect(judgeUnlisted(instance({ unmanaged }), nobody, old)).to.include({ unlisted: 'held' });
    });
  }

  for (const [what, createdAt] of [
    ['younger than the list', NOON + 1],
    ['as old as the list', NOON],
    ['older by less than clocks may differ', NOON - 60_000],
    ['of an age that nobody knows', undefined],
  ] as const) {
    it(`is left alone where it is ${what}`, () => {
      const judged = judgeUnlisted(instance(), nobody, { ...old, createdAt });
      expect(judged).to.include({ unlisted: 'held', code: 'too_young' });
    });
  }

  it('is left alone where it has changed since the list was written', () => {
    expect(judgeUnlisted(instance(), nobody, { ...old, hasChanged: true })).to.include({
      unlisted: 'held',
      code: 'changed_since_list',
    });
  });

  it('is left alone where it has a date for its destruction, or one that this version cannot read', () => {
    const date = destroyDate({
      ...{ _id: '1', _rev: '1-a', domain: 'acme.example.org', prefix: 'cozy1' },
      ...{ locale: 'en', password_defined: true },
    });
    for (const each of [{ ...date, _rev: '1-a' }, 'unreadable'] as const) {
      const judged = judgeUnlisted(instance(), nobody, { ...old, date: each });
      expect(judged).to.include({ unlisted: 'held', code: 'has_date' });
    }
  });

  it('stays as the own instance of an organization while it has members', () => {
    const member = instance({ domain: 'alice.example.org', orgId: 'Acme' });
    const fleet = { ...nobody, othersOf: (orgId: string) => (orgId === 'acme' ? [member] : []) };
    expect(judgeUnlisted(instance({ orgId: 'Acme' }), fleet, old)).to.include({ code: 'has_members' });
    expect(judgeUnlisted(member, fleet, old)).to.deep.equal({ unlisted: 'prune' });
  });

  it('stays as the own instance of an organization to which rows of the list belong', () => {
    const facts = { ...old, joined: new Set(['acme']) };
    expect(judgeUnlisted(instance(), nobody, facts)).to.include({ unlisted: 'held', code: 'has_members' });
    expect(judgeUnlisted(instance({ domain: 'other.example.org' }), nobody, facts)).to.deep.equal({
      unlisted: 'prune',
    });
  });

  for (const [what, domain] of [
    ['capital letters', 'Acme.example.org'],
    ['a dot at its end', 'acme.example.org.'],
    ['Punycode', 'xn--zo-bja.example.org'],
    ['decomposed letters', 'zo\u0065\u0301.example.org'],
    ['what no host may have', 'a b.example.org'],
  ] as const) {
    it(`stays where no row can be written with its domain: ${what}`, () => {
      const odd = instance({ domain });
      const fleet = { ...nobody, withDomain: () => [odd] };
      expect(judgeUnlisted(odd, fleet, old)).to.include({ unlisted: 'held', code: 'illegal_domain' });
    });
  }

  it('stays where another one has its domain, written otherwise', () => {
    const fleet = { ...nobody, withDomain: () => [instance(), instance({ domain: 'ACME.example.org' })] };
    expect(judgeUnlisted(instance(), fleet, old)).to.include({ unlisted: 'held', code: 'shared_name' });
  });
});

describe('what may be pruned', () => {
  const counts = { valid: 3, invalid: 0, doubtful: 0 };
  const list = { file: 'list.csv', counts };
  const wish = { scope: { context: 'school' }, listTime: undefined, skipAccounts: false };
  const whole = { state: 'whole', at: NOON, of: {}, leftOut: 0, since: '7-abc' } as const;

  const refusal = (work: () => unknown): string => {
    try {
      work();
      return 'none';
    } catch (error) {
      if (error instanceof InputError) return error.code;
      throw error;
    }
  };

  it('is what a whole list of a known moment says', () => {
    expect(pruneOrder(list, whole, wish, NOON)).to.deep.equal({
      scope: { context: 'school' },
      listTime: NOON,
      since: '7-abc',
      skipAccounts: false,
    });
  });

  it('is asked for no change where somebody says of which moment another list is', () => {
    const { since: _, ...other } = whole;
    expect(pruneOrder(list, { ...other, at: undefined }, { ...wish, listTime: NOON }, NOON)).to.include({
      listTime: NOON,
      since: undefined,
    });
  });

  it('is of the moment that somebody has said, before that of the list', () => {
    const said = pruneOrder(list, whole, { ...wish, listTime: NOON - DAY_MS }, NOON);
    expect(said.listTime).to.equal(NOON - DAY_MS);
  });

  for (const [what, code, run] of [
    ['without a scope', 'bad_scope', () => pruneOrder(list, whole, { ...wish, scope: {} }, NOON)],
    [
      'by rows that are not good',
      'partial_list',
      () => pruneOrder({ ...list, counts: { ...counts, invalid: 1 } }, whole, wish, NOON),
    ],
    [
      'by a list that left instances out',
      'partial_list',
      () => pruneOrder(list, { ...whole, leftOut: 2 }, wish, NOON),
    ],
    ['by a part', 'partial_list', () => pruneOrder(list, { state: 'partial', why: 'x' }, wish, NOON)],
    [
      'by a list that proves nothing',
      'unproven_list',
      () => pruneOrder(list, { state: 'unproven' }, wish, NOON),
    ],
    ['by a list of no moment', 'list_time', () => pruneOrder(list, { ...whole, at: undefined }, wish, NOON)],
    [
      'by a list that is to come',
      'list_time',
      () => pruneOrder(list, { ...whole, at: NOON + DAY_MS }, wish, NOON),
    ],
    [
      'by a list that is said to be of later than it says itself',
      'list_time',
      () => pruneOrder(list, whole, { ...wish, listTime: NOON + 1 }, NOON + DAY_MS),
    ],
    [
      'by a list of other instances than those of the scope',
      'bad_scope',
      () => pruneOrder(list, { ...whole, of: { locale: 'fr' } }, wish, NOON),
    ],
    [
      'by a list that says its moment, and not since which change',
      'list_sequence',
      () => pruneOrder(list, { state: 'whole', at: NOON, of: {}, leftOut: 0 }, wish, NOON),
    ],
    [
      'by a list of a filter that does not say since which change, whatever is said of its moment',
      'list_sequence',
      () =>
        pruneOrder(
          list,
          { state: 'whole', at: NOON, of: { context: 'school' }, leftOut: 0 },
          { ...wish, listTime: NOON },
          NOON,
        ),
    ],
    ['by a time that is none', 'list_time', () => parseListTime('yesterday')],
    ['within a scope that is none', 'bad_scope', () => parseScope(['colour=red'])],
    ['within a scope that is empty', 'bad_scope', () => parseScope(['context='])],
    ['within a scope that is said twice', 'bad_scope', () => parseScope(['context=a', 'context=b'])],
  ] as const) {
    it(`is nothing ${what}`, () => {
      expect(refusal(run)).to.equal(code);
    });
  }

  it('is limited by context, organization and domain', () => {
    const texts = ['context=school', 'org-id=acme', 'org-domain=acme.org', 'domain=*.school.org'];
    expect(parseScope(texts)).to.deep.equal({
      context: 'school',
      orgId: 'acme',
      orgDomain: 'acme.org',
      domain: '*.school.org',
    });
  });
});
