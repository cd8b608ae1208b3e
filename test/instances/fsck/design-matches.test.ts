import { expect } from 'chai';
import { matchesMangoIndex, matchesView } from '../../../src/instances/fsck/design-matches.ts';

describe('a stored index', () => {
  const index = { ddoc: 'by-trigger-id', fields: ['trigger_id', 'queued_at'] };
  const stored = (fields: object, partial_filter_selector: object = {}) => ({
    _id: '_design/by-trigger-id',
    language: 'query',
    views: { abc: { map: { fields, partial_filter_selector }, reduce: '_count', options: { def: {} } } },
  });
  const right = stored({ trigger_id: 'asc', queued_at: 'asc' });

  it('is the one that is wanted, whatever its view is called', () => {
    expect(matchesMangoIndex(index, right)).to.equal(true);
  });

  it('may have the view of another version of CouchDB beside it', () => {
    const old = stored({ trigger_id: 'asc' }).views.abc;
    expect(matchesMangoIndex(index, { ...right, views: { old, ...right.views } })).to.equal(true);
  });

  it('is another with other fields, another order, or another filter', () => {
    expect(matchesMangoIndex(index, stored({ trigger_id: 'asc' }))).to.equal(false);
    expect(matchesMangoIndex(index, stored({ queued_at: 'asc', trigger_id: 'asc' }))).to.equal(false);
    const fields = { trigger_id: 'asc', queued_at: 'asc' };
    expect(matchesMangoIndex(index, stored(fields, { a: { $exists: true } }))).to.equal(false);
    const partialFilter = { a: { $exists: true } };
    expect(matchesMangoIndex({ ...index, partialFilter }, stored(fields, partialFilter))).to.equal(true);
    expect(matchesMangoIndex({ ...index, partialFilter }, right)).to.equal(false);
  });

  it('is none without views, or with anything else in their place', () => {
    for (const views of [undefined, null, 'text', {}, { abc: 1 }, { abc: { map: 'function () {}' } }]) {
      expect(matchesMangoIndex(index, { ...right, views })).to.equal(false);
    }
    expect(matchesMangoIndex(index, { ...right, language: 'javascript' })).to.equal(false);
  });
});

describe('a stored view', () => {
  const view = { name: 'disk-usage', map: 'function (doc) { emit(doc.a); }', reduce: '_sum' } as const;
  const stored = (views: unknown) => ({ _id: '_design/disk-usage', language: 'javascript', views });

  it('may have the words of a stack', () => {
    const map = '\nfunction(doc) {\n  emit(doc.b)\n}';
    expect(matchesView(view, stored({ 'disk-usage': { map, reduce: '_sum' } }))).to.equal(true);
  });

  it('is another with another reduce function or without one', () => {
    expect(matchesView(view, stored({ 'disk-usage': { map: view.map, reduce: '_count' } }))).to.equal(false);
    expect(matchesView(view, stored({ 'disk-usage': { map: view.map } }))).to.equal(false);
  });

  it('is none without a function, under another name, or beside others', () => {
    const right = { map: view.map, reduce: '_sum' };
    expect(matchesView(view, stored({ 'disk-usage': { ...right, map: '' } }))).to.equal(false);
    expect(matchesView(view, stored({ usage: right }))).to.equal(false);
    expect(matchesView(view, stored({ 'disk-usage': right, usage: right }))).to.equal(false);
    expect(matchesView(view, stored(undefined))).to.equal(false);
  });
});
