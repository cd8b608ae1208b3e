import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Cleanup } from '../../support/cleanup.ts';
import { type CreationServer, startCreationServer } from '../../support/creation-server.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { putSkeleton } from '../../support/skeletons.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

describe('creations over HTTP on a platform with fleet.skeleton', () => {
  const suite = new Cleanup();
  let fleet: TestFleet;
  let server: CreationServer;
  let skeleton: string;

  before(async () => {
    skeleton = suite.add(await temporaryDirectory('skeleton'), (each) => each.remove()).path;
    await putSkeleton(skeleton, { 'common/a.txt': 'first' });
    const configure: NonNullable<Parameters<typeof startTestFleet>[0]>['configure'] = (config) => ({
      ...config,
      fleet: { ...config.fleet, skeleton },
    });
    fleet = suite.add(await startTestFleet({ configure }), (each) => each.close());
    server = suite.add(await startCreationServer(fleet.config), (each) => each.close());
  });

  after(() => suite.run());

  function domainOf(name: string): string {
    return fleet.parse({ domain: fleet.domain(name) }).options.domain;
  }

  const fileOf = (domain: string) => readFile(join(fleet.storageRoot, domain, 'a.txt'), 'utf8');

  it('are answered once the first files are there', async () => {
    const domain = domainOf('made');
    expect((await server.create({ Domain: domain })).status).to.equal(201);
    expect(await fileOf(domain)).to.equal('first');
  });

  it('have the files as they are at that moment, without a new start', async () => {
    await putSkeleton(skeleton, { 'common/a.txt': 'changed' });
    const domain = domainOf('changed');
    expect((await server.create({ Domain: domain })).status).to.equal(201);
    expect(await fileOf(domain)).to.equal('changed');
  });

  it('are the same request though the files have changed meanwhile', async () => {
    const domain = domainOf('repeated');
    const key = { 'idempotency-key': fleet.domain('key') };
    const first = await server.create({ Domain: domain }, key);
    await putSkeleton(skeleton, { 'common/a.txt': 'changed again' });
    const again = await server.create({ Domain: domain }, key);
    expect([first.status, again.status]).to.deep.equal([201, 201]);
    expect(again.json).to.deep.equal(first.json);
  });

  it('are answered though the files cannot be written yet', async () => {
    const domain = domainOf('full');
    const answer = await server.create({ Domain: domain, DiskQuota: '3' });
    expect(answer.status).to.equal(201);
    expect(await fleet.instance(domain)).to.have.property('register_token');
  });

  it('are refused where the skeleton is not good', async () => {
    await putSkeleton(skeleton, { 'nonsense/a.txt': '' });
    const domain = domainOf('refused');
    const answer = await server.create({ Domain: domain });
    expect(answer.status).to.equal(500);
    expect(answer.text).to.include('skeleton');
    expect(await fleet.instance(domain)).to.equal(undefined);
  });
});
