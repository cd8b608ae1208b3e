import { expect } from 'chai';
import { reservationDocument } from '../../../src/instances/documents/reservation.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { newSecrets } from '../../../src/instances/vault/secrets.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { submit } from '../../support/submit.ts';

describe('batches export of what is not finished', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
  });

  after(() => platform.close());

  it('gives rows that wait', async () => {
    const { batch } = await submit(platform, 'a.csv', ['domain', 'a.example.org'], '--async');
    const { stdout } = await platform.run('batches', 'export', batch);
    expect(stdout.split('\n')[1]).to.equal('a.example.org,waiting,,,,');
  });

  it('--from finds nothing on a CouchDB on which nothing was made', async () => {
    const file = await platform.write('b.csv', ['domain', 'b.example.org']);
    const { stdout, exitCode } = await platform.run('batches', 'export', '--from', file);
    expect(stdout.split('\n')[1]).to.equal('b.example.org,missing,,,,');
    expect(exitCode).to.equal(0);
  });

  it('--from gives reservations', async () => {
    await platform.startWorker();
    const options = sampleOptions({ domain: 'c.example.org' });
    const document = reservationDocument(options, { secrets: newSecrets(), cluster: 0 });
    await platform.server.putDocument(INSTANCES, document);
    const file = await platform.write('c.csv', ['domain', 'c.example.org']);
    const { stdout } = await platform.run('batches', 'export', '--from', file);
    expect(stdout.split('\n')[1]).to.equal('c.example.org,provisioning,,,,');
  });
});
