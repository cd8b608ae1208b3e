import { expect } from 'chai';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { Refusal } from '../../../src/instances/errors.ts';
import { assertAliasesFree } from '../../../src/instances/lookup/free-aliases.ts';
import { createPrefixIndex } from '../../../src/instances/lookup/prefix-index.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('assertAliasesFree', () => {
  let test: TestFleet;
  let mine: StoredInstance;

  before(async () => {
    test = await startTestFleet({ worker: false });
    mine = await test.putInstance({
      domain: test.domain('mine'),
      domain_aliases: [test.domain('mine-too')],
      old_domain: test.domain('mine-once'),
    });
    await test.putInstance({
      domain: test.domain('theirs'),
      domain_aliases: [test.domain('theirs-too')],
      old_domain: test.domain('theirs-once'),
    });
  });

  after(() => test.close());

  const check = (...names: string[]) =>
    assertAliasesFree(
      { global: test.server, prefixIndex: createPrefixIndex(test.server) },
      mine,
      names.map((name) => test.domain(name)),
    );

  async function refusalOf(...names: string[]): Promise<Refusal> {
    const error = await thrownBy(check(...names));
    if (!(error instanceof Refusal)) throw error;
    return error;
  }

  it('is content with new names and those that the instance has', async () => {
    await check();
    await check('new', 'mine-too', 'mine-once');
  });

  it('refuses the domain of another instance', async () => {
    const { code, message } = await refusalOf('new', 'theirs');
    expect(code).to.equal('taken');
    expect(message).to.equal(`${test.domain('theirs')} is a name of the instance ${test.domain('theirs')}`);
  });

  it('refuses an alias of another instance', async () => {
    const { code, message } = await refusalOf('new', 'theirs-too');
    expect(code).to.equal('taken');
    expect(message).to.contain(`${test.domain('theirs-too')} is a name of`);
  });

  it('refuses the former domain of another instance', async () => {
    expect((await refusalOf('theirs-once')).code).to.equal('old_domain');
  });

  it('refuses the domain of the instance itself', async () => {
    const { code, message } = await refusalOf('mine');
    expect(code).to.equal('taken');
    expect(message).to.contain('the domain of the instance itself');
  });
});
