import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { z } from 'zod';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { type Comparison, compareArchive } from '../../../src/stack/export/compare-archive.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';

const RECORDED = fileURLToPath(new URL('../../golden/archive/', import.meta.url));

const PARTS = ['part000.zip', 'part001.zip', 'part002.zip', 'part003.zip'];

const recorded = z.object({
  domain: z.string(),
  instanceId: z.string(),
  documents: z.record(z.string(), z.array(z.looseObject({ _id: z.string(), _rev: z.string() }))),
});

type Recorded = z.infer<typeof recorded>;

describe('an archive that a stack made, beside what CouchDB had', () => {
  const suite = new Cleanup();
  let couch: TestCouch;
  let server: CouchServer;
  let golden: Recorded;
  let runs = 0;

  before(async () => {
    couch = suite.add(await startTestCouch(), (each) => each.close());
    server = suite.add(connectCouch({ url: couch.url, connections: 8 }), (each) => each.close());
    golden = recorded.parse(JSON.parse(await readFile(join(RECORDED, 'documents.json'), 'utf8')));
  });

  after(() => suite.run());

  /** Puts the recorded documents into CouchDB under their revisions, after a change. */
  async function compared(
    change: (documents: Recorded['documents']) => void = () => undefined,
    parts: readonly string[] = PARTS,
  ): Promise<Comparison> {
    runs += 1;
    const prefix = `cozy${process.pid.toString(16)}${runs}${'0'.repeat(24)}`;
    const documents = structuredClone(golden.documents);
    change(documents);
    for (const [doctype, docs] of Object.entries(documents)) {
      const name = databaseName(prefix, doctype);
      await server.createDatabase(name);
      suite.add(name, async (each) => void (await server.deleteDatabase(each)));
      const response = await fetch(`${couch.origin}/${encodeURIComponent(name)}/_bulk_docs`, {
        method: 'POST',
        headers: { authorization: couch.authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ docs, new_edits: false }),
      });
      if (!response.ok) throw new Error(`the documents of ${doctype} were not taken`);
    }
    const { signal } = new AbortController();
    const { domain, instanceId } = golden;
    return await compareArchive({
      databases: { server, prefix, signal },
      domain,
      instanceId,
      directory: RECORDED,
      parts,
    });
  }

  /** Of which the stack's own job is none: it ended after its archive was made. */
  const owners = ({ differences }: Comparison) =>
    differences.filter(({ doctype }) => doctype !== 'io.cozy.jobs').map(({ what }) => what);

  function fileNamed(documents: Recorded['documents'], name: string) {
    const file = documents['io.cozy.files']?.find((each) => each['name'] === name);
    if (file === undefined) throw new Error(`there is no ${name}`);
    return file;
  }

  it('is the same, with names of all kinds, what is in the trash, versions and empty files', async () => {
    const found = await compared();
    expect(owners(found)).to.deep.equal([]);
    expect(found).to.include({ files: 8, versions: 1, withoutMd5: 0 });
    expect(found.contentBytes).to.equal(3072);
  });

  it('lacks what a part has that is not there', async () => {
    const found = await compared(undefined, PARTS.slice(0, 3));
    expect(owners(found)).to.have.length(1);
    expect(owners(found)[0]).to.match(/^a version of file "\/hello.txt" is not in it$/);
  });

  it('has too much where a part is there twice', async () => {
    const found = await compared(undefined, [...PARTS, 'part003.zip']);
    expect(owners(found).join()).to.match(/or twice.*belongs to nothing/);
  });

  it('lacks a file that nobody has put into it', async () => {
    const found = await compared((documents) => {
      const file = { ...fileNamed(documents, 'hello.txt'), _id: 'later', name: 'later.txt' };
      documents['io.cozy.files']?.push(file);
    });
    expect(owners(found)).to.deep.equal(['file "/later.txt" is not in it']);
  });

  it('lacks a document of a doctype that it has not at all', async () => {
    const found = await compared((documents) => {
      documents['io.cozy.bank.accounts'] = [{ _id: 'savings', _rev: `1-${'a'.repeat(32)}` }];
    });
    expect(owners(found)).to.deep.equal(['document savings of io.cozy.bank.accounts is not in it']);
  });

  for (const [what, field, value, told] of [
    ['of another size', 'size', '13', /hello.txt.* has 12 bytes in it, and should have 13/],
    ['of another MD5', 'md5sum', 'b1kCrCNwJL3QwXbLkwY9xA==', /hello.txt.* has another MD5 in it/],
    ['of another name', 'name', 'other.txt', /content of file "\/other.txt".* is not in it/],
    [
      'in another directory',
      'dir_id',
      'io.cozy.files.trash-dir',
      /"\/.cozy_trash\/hello.txt".* is not in it/,
    ],
    ['of another revision', '_rev', `9-${'b'.repeat(32)}`, /in it in revision 2-\w+, and is 9-b/],
    ['without a size', 'size', undefined, /hello.txt.* should have a size/],
  ] as const) {
    it(`differs in a file ${what}`, async () => {
      const found = await compared((documents) => {
        Object.assign(fileNamed(documents, 'hello.txt'), { [field]: value });
      });
      expect(owners(found)[0]).to.match(told);
    });
  }

  it('counts contents of which CouchDB has no MD5', async () => {
    const found = await compared((documents) => {
      delete fileNamed(documents, 'hello.txt')['md5sum'];
    });
    expect(owners(found)).to.deep.equal([]);
    expect(found.withoutMd5).to.equal(1);
  });

  it('is of somebody else where the instance in it is another one', async () => {
    const other = { ...golden, instanceId: 'other' };
    const found = await (async () => {
      const before = golden;
      golden = other;
      try {
        return await compared();
      } finally {
        golden = before;
      }
    })();
    expect(owners(found)[0]).to.match(/^it is the archive of bob.localhost/);
  });

  it('lacks the instance where the first part is not read', async () => {
    const found = await compared(undefined, PARTS.slice(1));
    expect(owners(found).at(-1)).to.match(/the document of the instance is 0 times in it/);
  });
});
