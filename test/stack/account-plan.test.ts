import { expect } from 'chai';
import type { StoredDocument } from '../../src/couchdb/documents.ts';
import { planAccounts, softDeleted } from '../../src/stack/account-plan.ts';

const account = (_id: string, account_type: unknown): StoredDocument => ({ _id, _rev: '1-a', account_type });
const manifest = (on_delete_account: unknown): StoredDocument => ({
  _id: 'x',
  _rev: '1-a',
  on_delete_account,
});

describe('planAccounts', () => {
  it('takes the accounts whose konnector wants to know', () => {
    const edf = account('a', 'edf');
    const manifests = new Map([
      ['edf', manifest('onDeleteAccount.js')],
      ['sncf', manifest('')],
    ]);
    const plan = planAccounts([edf, account('b', 'sncf'), account('c', ''), account('d', 1)], [], manifests);
    expect(plan).to.deep.equal({
      live: [{ account: 'a', rev: '1-a', konnector: 'edf', document: edf }],
      copied: [],
      unknown: [],
    });
  });

  it('names accounts whose konnector is not installed', () => {
    const plan = planAccounts([account('a', 'edf')], [], new Map());
    expect(plan.unknown).to.deep.equal([{ account: 'a', konnector: 'edf' }]);
  });

  it('takes the copy of an account that is gone, with the revision it had', () => {
    const copy = { ...account('a', 'edf'), soft_deleted_rev: '3-c' };
    expect(planAccounts([], [copy], new Map()).copied).to.deep.equal([
      { account: 'a', rev: '3-c', konnector: 'edf' },
    ]);
  });

  it('passes over the copy of an account that is still there', () => {
    const copy = { ...account('a', 'edf'), soft_deleted_rev: '3-c' };
    const plan = planAccounts([account('a', 'edf')], [copy], new Map([['edf', manifest('x.js')]]));
    expect(plan.live).to.have.length(1);
    expect(plan.copied).to.deep.equal([]);
  });
});

describe('softDeleted', () => {
  it("keeps the account's own fields, and the revision under the name it has in a copy", () => {
    const document = { ...account('a', 'edf'), auth: { login: 'x' }, _conflicts: ['1-b'] };
    expect(softDeleted({ account: 'a', rev: '1-a', konnector: 'edf', document })).to.deep.equal({
      _id: 'a',
      account_type: 'edf',
      auth: { login: 'x' },
      soft_deleted_rev: '1-a',
    });
  });
});
