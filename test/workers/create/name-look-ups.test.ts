import { expect } from 'chai';
import type { CouchDocument } from '../../../src/couchdb/documents.ts';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import type { Storage } from '../../../src/storage/storage.ts';
import { register } from '../../../src/workers/create/register.ts';
import { createStages } from '../../../src/workers/create/stages.ts';
import { stagesIn } from '../../../src/workers/stage/pipeline.ts';
import { creationContext } from '../../support/creation-context.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const VIEW = '_design/domain-and-aliases';

/** A server that notes who looks for names, and how. */
interface Watched {
  readonly server: CouchServer;
  readonly asked: string[];
}

describe('the names of a creation', () => {
  let test: TestFleet;
  let storage: Storage;
  const designs = createDesignSource();

  before(async () => {
    test = await startTestFleet({ worker: false });
    storage = fileStorage(test.storageRoot);
  });

  after(() => test.close());

  function watched(given: Partial<CouchServer> = {}): Watched {
    const asked: string[] = [];
    const couch: CouchServer = { ...test.server, ...given };
    const server: CouchServer = {
      ...couch,
      view(...question) {
        asked.push('view');
        return couch.view(...question);
      },
      find(...question) {
        asked.push('former domains');
        return couch.find(...question);
      },
    };
    return { server, asked };
  }

  function contextOn(server: CouchServer, domain: string, raw: object = {}) {
    return creationContext(
      testServices(server, { storage, designs }),
      test.parse({ domain, ...raw }).options,
    );
  }

  async function makeAll(context: ReturnType<typeof contextOn>): Promise<void> {
    for (const stage of createStages.flatMap(stagesIn)) await stage.run(context);
  }

  it('are not looked up where nobody could mean them', async () => {
    const { server, asked } = watched();
    const context = contextOn(server, test.domain('free'), { 'domain-aliases': test.domain('free-alias') });
    await makeAll(context);
    expect(asked).to.deep.equal([]);
    expect(await test.instance(context.options.domain)).to.have.property('register_token');
  });

  for (const [what, fieldsOf] of [
    ['a domain', (name: string) => ({ domain: name })],
    ['an alias', (name: string) => ({ domain: `owner-${name}`, domain_aliases: [name] })],
    ['a former domain', (name: string) => ({ domain: `moved-${name}`, old_domain: name })],
  ] as const) {
    it(`are looked up where somebody has one as ${what}`, async () => {
      const alias = test.domain(`meant-${what.replaceAll(' ', '-')}`);
      await test.putInstance({ prefix: prefixOf(`other-${alias}`), ...fieldsOf(alias) });
      const { server, asked } = watched();
      const context = contextOn(server, test.domain(`wants-${what.length}`), { 'domain-aliases': alias });
      expect(await thrownBy(register.run(context)))
        .to.have.property('code')
        .that.is.oneOf(['taken', 'old_domain']);
      expect(asked).to.have.members(['view', 'former domains']);
    });
  }

  it('are looked up where somebody has one that CouchDB takes for it', async () => {
    const domain = test.domain('seen');
    await test.putInstance({ domain: domain.replace('seen', 'se\u200ben'), prefix: 'another' });
    const { server, asked } = watched();
    const end = await thrownBy(register.run(contextOn(server, domain))).catch(() => undefined);
    expect(asked).to.include('view');
    // The embedded server compares names as they are written.
    if (test.couch.real) expect(end).to.have.property('code', 'taken');
  });

  it('are looked up at the end where what was read lags behind', async () => {
    let isStuck = false;
    const none = { changes: [], lastSequence: '0' };
    const changes: CouchServer['changes'] = async (...question) =>
      isStuck ? none : await test.server.changes(...question);
    const { server, asked } = watched({ changes });
    const context = contextOn(server, test.domain('lags'));
    for (const stage of createStages.flatMap(stagesIn)) {
      isStuck = stage.name !== 'register';
      await stage.run(context);
    }
    expect(asked).to.deep.equal(['view']);
    expect(await test.instance(context.options.domain)).to.have.property('register_token');
  });

  it('are looked up at the end where our own document was known in an older revision', async () => {
    let isStuck = false;
    const none = { changes: [], lastSequence: '0' };
    const changes: CouchServer['changes'] = async (...question) =>
      isStuck ? none : await test.server.changes(...question);
    const { server, asked } = watched({ changes });
    const context = contextOn(server, test.domain('touched'));
    for (const stage of createStages.flatMap(stagesIn)) {
      if (stage.name === 'finish') {
        await context.services.prefixIndex.refresh();
        isStuck = true;
        const { instance } = context;
        if (instance === undefined) throw new Error('nothing is reserved');
        context.instance = { ...instance, _rev: await test.server.putDocument(INSTANCES, instance) };
      }
      await stage.run(context);
    }
    expect(asked).to.deep.equal(['view']);
  });

  it('are looked up, and the view made anew, where it is not there', async () => {
    const { _rev: rev = '' } = (await test.server.getDocument(INSTANCES, VIEW)) ?? {};
    await test.server.deleteDocument(INSTANCES, VIEW, rev);
    const context = contextOn(test.server, test.domain('viewless'));
    await register.run(context);
    expect(await test.server.getDocument(INSTANCES, VIEW)).to.have.property('views');
    expect(await test.instance(context.options.domain)).to.have.property('blocked', true);
  });

  it('are reserved by the first creations of all, several at a time, with all that a stack looks for', async () => {
    const before: (CouchDocument | null | undefined)[] = (
      await test.server.allDocuments(INSTANCES, { includeDocs: true })
    ).map(({ doc }) => doc);
    await test.server.deleteDatabase(INSTANCES);
    const contexts = [1, 2, 3].map((at) => contextOn(test.server, test.domain(`first-${at}`)));
    await Promise.all(contexts.map((context) => register.run(context)));
    for (const { options } of contexts) {
      expect(await test.instance(options.domain)).to.have.property('blocked', true);
    }
    const designs = await test.server.allDocuments(INSTANCES, { startKey: '_design/', endKey: '_design0' });
    expect(designs.map(({ id }) => id))
      .to.include(VIEW)
      .and.include('_design/by-olddomain');
    for (const doc of before) {
      if (!doc || doc._id.startsWith('_design/')) continue;
      const { _rev, ...rest } = doc;
      await test.server.putDocument(INSTANCES, rest);
    }
  });
});
