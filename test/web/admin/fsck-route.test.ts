import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { send as sendTo } from '../../support/admin-client.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { startTestWeb, type TestWeb } from '../../support/web.ts';

describe('the check of an instance by the admin API', function () {
  this.timeout(60_000);

  let fleet: TestFleet;
  let web: TestWeb;
  let domain: string;

  before(async () => {
    fleet = await startTestFleet();
    web = await startTestWeb(fleet);
    domain = fleet.domain('checked');
    await fleet.create({ domain });
  });

  after(async () => {
    await web.close();
    await fleet.close();
  });

  async function findings(query = ''): Promise<{ type: string }[]> {
    const { status, headers, text } = await sendTo(web.adminUrl, `GET /instances/${domain}/fsck${query}`);
    expect(status).to.equal(200);
    expect(headers.get('content-type')).to.include('application/x-ndjson');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  it('says nothing of one that is as it should be', async () => {
    expect(await findings()).to.deep.equal([]);
  });

  describe('of one that lacks directories and a database', () => {
    before(async () => {
      for (const name of ['Administrative', 'Photos']) {
        await rm(join(fleet.storageRoot, domain, name), { recursive: true });
      }
      await fleet.server.deleteDatabase(databaseName(prefixOf(domain), 'io.cozy.contacts'));
    });

    const types = async (query: string) => (await findings(query)).map(({ type }) => type);

    it('has a line for each finding', async () => {
      const found = await types('?IndexIntegrity=false&FilesConsistency=false&FailFast=false');
      expect(found.filter((type) => type === 'filesystem_missing')).to.have.length.at.least(2);
      expect(found).to.include('no_database');
    });

    it('leaves the files alone where only the index is asked about', async () => {
      const found = await types('?IndexIntegrity=true&FilesConsistency=true');
      expect(found).not.to.include('filesystem_missing');
    });

    it('stops at the first one when told to', async () => {
      expect(await types('?FailFast=true')).to.have.length(1);
    });
  });

  it('says that there is no such instance', async () => {
    const { status } = await sendTo(web.adminUrl, 'GET /instances/nobody.example.org/fsck');
    expect(status).to.equal(404);
  });
});
