import { expect } from 'chai';
import { DATABASES } from '../../../src/instances/databases/databases.ts';
import { mangoRequest, viewDesignDocument } from '../../../src/instances/databases/design-documents.ts';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { golden } from '../golden.ts';

describe('viewDesignDocument', () => {
  it('has one view of its own name', () => {
    expect(viewDesignDocument({ name: 'disk-usage', map: 'function () {}', reduce: '_sum' })).to.deep.equal({
      _id: '_design/disk-usage',
      language: 'javascript',
      views: { 'disk-usage': { map: 'function () {}', reduce: '_sum' } },
    });
  });

  it('has no reduce where the view has none', () => {
    const document = viewDesignDocument({ name: 'byDoc', map: 'function () {}' });
    expect(document.views['byDoc']).to.have.all.keys('map');
  });

  it('is what a stack made, but for the source of the map', () => {
    for (const { doctype, views } of DATABASES) {
      const database = golden('minimal').databases[databaseName('p', doctype).replace('p/', '')] ?? [];
      for (const view of views) {
        const ours = viewDesignDocument({ ...view, map: '<javascript>' });
        expect(ours).to.deep.equal(database.find(({ _id }) => _id === ours._id));
      }
    }
  });
});

describe('mangoRequest', () => {
  it('has only ddoc and index', () => {
    expect(mangoRequest({ ddoc: 'dir-children', fields: ['dir_id', '_id'] })).to.deep.equal({
      ddoc: 'dir-children',
      index: { fields: ['dir_id', '_id'] },
    });
  });

  it('puts a partial filter into the index', () => {
    const filter = { pending: { $exists: false } };
    expect(mangoRequest({ ddoc: 'd', fields: ['a'], partialFilter: filter })).to.deep.equal({
      ddoc: 'd',
      index: { fields: ['a'], partial_filter_selector: filter },
    });
  });

  it('asks for the definitions a stack asked for', () => {
    for (const { doctype, mango } of DATABASES) {
      const database = golden('minimal').databases[databaseName('p', doctype).replace('p/', '')] ?? [];
      for (const index of mango) {
        const { ddoc, index: definition } = mangoRequest(index);
        const theirs = database.find(({ _id }) => _id === `_design/${ddoc}`);
        const views = Object.values(Object(theirs?.['views']));
        expect(views).to.have.length(1);
        expect(views[0]).to.have.nested.property('options.def').that.deep.equals(definition);
      }
    }
  });
});
