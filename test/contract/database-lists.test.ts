import { expect } from 'chai';
import { couchUnderTest } from './couch-under-test.ts';

describe('contract: lists of databases', () => {
  const couch = couchUnderTest();
  const names: string[] = [];

  before(async () => {
    for (const doctype of ['io-cozy-apps', 'io-cozy-files', 'io-cozy-settings', 'io-cozy-triggers']) {
      names.push(await couch.newDatabase(`x/${doctype}`));
    }
    names.sort();
  });

  const range = (low: string, high: string): string =>
    `start_key=${encodeURIComponent(JSON.stringify(low))}&end_key=${encodeURIComponent(JSON.stringify(high))}`;

  const whole = (): string => range(names.at(0) ?? '', names.at(-1) ?? '');

  it('lists a database that was made', async () => {
    expect((await couch.get('_all_dbs')).body).to.include(names[0]);
  });

  it('lists a range, both ends included, in order', async () => {
    expect((await couch.get(`_all_dbs?${whole()}`)).body).to.deep.equal(names);
  });

  it('knows the ends of a range by their old names too', async () => {
    const query = whole().replace('start_key', 'startkey').replace('end_key', 'endkey');
    expect((await couch.get(`_all_dbs?${query}`)).body).to.deep.equal(names);
  });

  it('lists nothing below a prefix that no database has', async () => {
    const nobodys = `${couch.newName()}/`;
    expect((await couch.get(`_all_dbs?${range(nobodys, `${nobodys}\ufff0`)}`)).body).to.deep.equal([]);
  });

  it('lists what is below a prefix', async () => {
    const below = (names[0] ?? '').slice(0, -3);
    expect((await couch.get(`_all_dbs?${range(below, `${below}\ufff0`)}`)).body).to.deep.equal([names[0]]);
  });

  it('lists no more than the limit', async () => {
    expect((await couch.get(`_all_dbs?${whole()}&limit=2`)).body).to.deep.equal(names.slice(0, 2));
  });

  it('skips', async () => {
    expect((await couch.get(`_all_dbs?${whole()}&skip=1`)).body).to.deep.equal(names.slice(1));
  });

  it('lists backwards, with the ends exchanged', async () => {
    const backwards = range(names.at(-1) ?? '', names.at(0) ?? '');
    expect((await couch.get(`_all_dbs?${backwards}&descending=true`)).body).to.deep.equal(names.toReversed());
  });

  it('lists a deleted database no more', async () => {
    const name = await couch.newDatabase('gone');
    await couch.delete(encodeURIComponent(name));
    expect((await couch.get(`_all_dbs?${range(name, name)}`)).body).to.deep.equal([]);
  });
});
