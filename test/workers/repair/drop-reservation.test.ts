import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { prefixOf, reservationId } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { InstanceDocument } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import type { JobEnd } from '../../../src/jobs/queue/wait-for-job.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

describe('dropping a reservation', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet();
  });
  after(() => test.close());

  const SECRET = 'c2VjcmV0';

  /** What a creation leaves that stops after `directories`. */
  async function reserved(name: string, fields: Partial<InstanceDocument> = {}): Promise<string> {
    const domain = test.domain(name);
    const prefix = prefixOf(domain);
    await test.putInstance({
      _id: reservationId(domain),
      domain,
      prefix,
      cli_secret: SECRET,
      blocked: true,
      blocking_reason: 'PROVISIONING:0123456789abcdef',
      ...fields,
    });
    await test.server.createDatabase(`${prefix}/io-cozy-files`);
    await mkdir(join(test.storageRoot, domain, '.cozy_trash'), { recursive: true });
    return domain;
  }

  async function drop(domain: string): Promise<JobEnd> {
    const seen = { id: reservationId(domain), incarnation: incarnationOf({ cli_secret: SECRET }) };
    const order = { recreateEmpty: false, dropReservation: true };
    const work = { kind: 'repair' as const, domain, seen, ...order };
    const { jobId } = await enqueueJob(test.fleet, { work, tries: 2 });
    return await test.ended(jobId);
  }

  it('removes what its creation has made', async () => {
    const domain = await reserved('left');
    expect(await drop(domain)).to.include({ state: 'done', outcome: 'repaired' });
    expect(await test.instance(domain)).to.equal(undefined);
    expect(await test.databases(domain)).to.deep.equal([]);
    expect(await readdir(test.storageRoot)).not.to.include(domain);
  });

  it('leaves one into which a stack has written the passphrase of its user', async () => {
    const domain = await reserved('written', { passphrase_hash: 'aGFzaA==', password_defined: true });
    const before = await test.instance(domain);
    expect(await drop(domain)).to.include({ state: 'failed', code: 'written_into' });
    expect(await test.instance(domain)).to.deep.equal(before);
    expect(await test.databases(domain)).to.have.length(1);
    expect(await readdir(test.storageRoot)).to.include(domain);
  });

  it('removes one of which a stack has only changed the number', async () => {
    const domain = await reserved('moved', { indexes_version: 39 });
    expect(await drop(domain)).to.include({ state: 'done', outcome: 'repaired' });
    expect(await test.instance(domain)).to.equal(undefined);
  });

  for (const [what, fields] of [
    ['as an alias', (domain: string) => ({ domain: 'x.example.org', domain_aliases: [domain] })],
    ['in upper case', (domain: string) => ({ domain: domain.toUpperCase() })],
  ] as const) {
    it(`removes nothing but the reservation where another document has its domain ${what}`, async () => {
      const domain = await reserved(`meant ${what}`.replaceAll(' ', '-'));
      const other = { _id: `other-${domain}`, ...fields(domain) };
      const rev = await test.server.putDocument(INSTANCES, other);
      expect(await drop(domain)).to.include({ state: 'done', outcome: 'repaired' });
      expect(await test.server.getDocument(INSTANCES, reservationId(domain))).to.equal(undefined);
      expect(await test.databases(domain)).to.have.length(1);
      expect(await readdir(test.storageRoot)).to.include(domain);
      await test.server.deleteDocument(INSTANCES, other._id, rev);
    });
  }

  it('removes nothing at all where a document that cannot be read could mean the same, and names it', async () => {
    const domain = await reserved('meant-unreadably');
    const rev = await test.server.putDocument(INSTANCES, { _id: `other-${domain}`, domain: [domain] });
    const end = await drop(domain);
    expect(end).to.include({ state: 'failed', code: 'unreadable' });
    expect(JSON.stringify(end)).to.include(`other-${domain}`);
    expect(await test.instance(domain)).not.to.equal(undefined);
    expect(await test.databases(domain)).to.have.length(1);
    await test.server.deleteDocument(INSTANCES, `other-${domain}`, rev);
  });

  it('removes nothing but the reservation where a stack has made the instance meanwhile', async () => {
    const domain = await reserved('raced');
    await writeFile(join(test.storageRoot, domain, 'photo.jpg'), 'theirs');
    const theirs = await test.putInstance({ domain, prefix: prefixOf(domain), cli_secret: 'eA==' });
    expect(await drop(domain)).to.include({ state: 'done', outcome: 'repaired' });
    expect((await test.instance(domain))?._id).to.equal(theirs._id);
    expect(await test.databases(domain)).to.have.length(1);
    expect(await readdir(join(test.storageRoot, domain))).to.include('photo.jpg');
  });
});
