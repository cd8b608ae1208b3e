import { expect } from 'chai';
import {
  comparedFields,
  differing,
  fieldsChangedSince,
  oldValues,
  optionsBeside,
} from '../../../src/instances/change/compare-fields.ts';
import { fieldValues } from '../../../src/instances/options/strict-options.ts';
import { sampleOptions } from '../sample-options.ts';

const instance = (feature_flags: Record<string, unknown>) => ({
  _id: '1',
  domain: 'a.example.org',
  locale: 'en',
  password_defined: false,
  feature_flags,
});

describe('comparing flags', () => {
  const changes = { featureFlags: { 'a b': { x: 1, y: 2 }, gone: null, fresh: '1' } };
  const now = instance({ 'a b': { y: 2, x: 1 }, gone: false, other: true });

  it('tells each by itself, with its old and its new value', () => {
    const fields = comparedFields(now, {}, changes);
    expect(fields).to.deep.equal([
      { field: 'feature_flags.a b', old: '{"x":1,"y":2}', new: '{"x":1,"y":2}' },
      { field: 'feature_flags.gone', old: false, new: null },
      { field: 'feature_flags.fresh', old: null, new: '"1"' },
    ]);
    expect(differing(fields).map(({ field }) => field)).to.deep.equal([
      'feature_flags.gone',
      'feature_flags.fresh',
    ]);
  });

  it('gives what a payload may carry', () => {
    const before = oldValues(comparedFields(now, {}, changes));
    expect(fieldValues.parse(JSON.parse(JSON.stringify(before)))).to.deep.equal(before);
  });

  it('minds no flag but those that are to change', () => {
    const before = oldValues(comparedFields(now, {}, changes));
    const since = (flags: Record<string, unknown>) =>
      fieldsChangedSince(before, comparedFields(instance(flags), {}, changes));
    expect(since({ ...now.feature_flags, other: false, more: 1 })).to.deep.equal([]);
    expect(since({ ...now.feature_flags, gone: 0 })).to.deep.equal(['feature_flags.gone']);
  });

  it('sets those of a new instance beside one that is there', () => {
    const fields = optionsBeside({ ...sampleOptions(), featureFlags: { gone: true } }, now, {});
    expect(differing(fields).find(({ field }) => field.startsWith('feature_flags'))).to.deep.equal({
      field: 'feature_flags.gone',
      old: false,
      new: true,
    });
  });
});
