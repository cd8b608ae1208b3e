import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { deleteDatabases } from '../../../src/workers/instance/delete-databases.ts';
import { startTestStack, type TestStack } from '../../stack/fixture.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('deleting the databases of an instance', () => {
  let stack: TestStack;

  before(async () => {
    stack = await startTestStack();
  });

  after(() => stack.close());

  /** An instance without any database, and what its databases are deleted with. */
  function nobodys() {
    const domain = `late-${randomBytes(4).toString('hex')}.example.org`;
    const prefix = prefixOf(domain);
    const instance: StoredInstance = {
      _id: 'i',
      _rev: '1-a',
      domain,
      prefix,
      locale: 'en',
      password_defined: true,
    };
    const services = { cluster: () => stack.server };
    const { signal } = new AbortController();
    return { prefix, context: { services, instance, signal, lease: { assertHeld: () => undefined } } };
  }

  it('asks of what a list lacked at first, before it is deleted', async () => {
    const { prefix, context } = nobodys();
    for (const doctype of ['io.cozy.files', 'io.cozy.todos'])
      await stack.server.createDatabase(databaseName(prefix, doctype));
    const late = databaseName(prefix, 'io.cozy.todos');
    const refused = new Error('it is in no archive');
    const asked: (readonly string[])[] = [];
    async function refuse(names: readonly string[]) {
      asked.push(names);
      if (names.includes(late)) throw refused;
    }
    expect(await thrownBy(deleteDatabases({ ...context, refuse }, []))).to.equal(refused);
    expect(asked).to.deep.equal([[], [late]]);
    expect(await stack.server.databaseExists(late)).to.equal(true);
    await stack.server.deleteDatabase(late);
  });

  it('deletes none where one of the names is not below the prefix of the document', async () => {
    const [mine, others] = [nobodys(), nobodys()];
    const names = [mine, others].map(({ prefix }) => databaseName(prefix, 'io.cozy.files'));
    for (const name of names) await stack.server.createDatabase(name);
    expect(await thrownBy(deleteDatabases(mine.context, names))).to.have.property(
      'code',
      'databases_unlisted',
    );
    for (const name of names) {
      expect(await stack.server.databaseExists(name)).to.equal(true);
      await stack.server.deleteDatabase(name);
    }
  });
});
