import { rm, rmdir } from 'node:fs/promises';
import { expect } from 'chai';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { makeVictim, type Victim } from '../../support/victim.ts';

describe('the repair of an instance', () => {
  let fleet: TestFleet;
  let victim: Victim;
  let victims = 0;

  before(async () => {
    fleet = await startTestFleet();
  });

  after(() => fleet.close());

  beforeEach(async () => {
    victims += 1;
    victim = await makeVictim(fleet, `unfit-${victims}`);
  });

  for (const reason of ['IMPORTING', 'MOVING']) {
    it(`is refused while its stack works on it: ${reason}`, async () => {
      await victim.changeInstance({ blocked: true, blocking_reason: reason });
      await victim.remove('io.cozy.files', 'io.cozy.files.root-dir');
      await rmdir(victim.onDisk('/Administrative'));
      expect(await victim.check()).to.deep.equal([]);
      const before = await victim.everything();
      expect(await thrownBy(victim.repair())).to.include({ code: 'moving' });
      expect(await victim.everything()).to.deep.equal(before);
    });
  }

  it('is refused where its files are in Swift, and fsck compares none of them', async () => {
    await victim.changeInstance({ swift_cluster: 2 });
    await rm(victim.onDisk('/'), { recursive: true });
    await victim.remove('io.cozy.files', 'io.cozy.files.trash-dir');
    expect(await victim.check()).to.deep.equal(['index_missing_trash']);
    const before = await victim.everything();
    expect(await thrownBy(victim.repair())).to.include({ code: 'swift' });
    expect(await victim.everything()).to.deep.equal(before);
  });
});
