import { expect } from 'chai';
import {
  ADMINISTRATIVE_REFERENCE,
  directoryDocument,
  ROOT_ID,
  rootDocument,
  TRASH_ID,
  trashDocument,
} from '../../../src/instances/documents/file-documents.ts';
import { golden, goldenDocument } from '../golden.ts';

const NOW = '<time>';

function goldenDirectory(name: string): unknown {
  const found = golden('full').databases['io-cozy-files']?.find((document) => document['name'] === name);
  const { _id, ...directory } = found ?? { _id: undefined };
  return directory;
}

describe('documents of directories', () => {
  it('have the root a stack wrote', () => {
    expect(rootDocument(NOW, false)).to.deep.equal(goldenDocument('full', 'io-cozy-files', ROOT_ID));
  });

  it('mark the root where there is no Administrative directory', () => {
    expect(rootDocument(NOW, true).referenced_by).to.deep.equal([
      { id: 'io.cozy.apps/administrative', type: 'io.cozy.apps' },
    ]);
  });

  it('have the trash a stack wrote', () => {
    expect(trashDocument(NOW)).to.deep.equal(goldenDocument('full', 'io-cozy-files', TRASH_ID));
  });

  it('have the Administrative directory a stack wrote', () => {
    const document = directoryDocument({
      name: 'Administratif',
      parentId: ROOT_ID,
      path: '/Administratif',
      now: NOW,
      createdOn: 'https://full.example.org',
      referencedBy: [ADMINISTRATIVE_REFERENCE],
    });
    expect(document).to.deep.equal(goldenDirectory('Administratif'));
  });

  it('leave out references where there are none', () => {
    const document = directoryDocument({
      name: 'Photos',
      parentId: ROOT_ID,
      path: '/Photos',
      now: NOW,
      createdOn: 'https://full.example.org/',
      referencedBy: [],
    });
    expect(document).to.deep.equal(goldenDirectory('Photos'));
  });
});
