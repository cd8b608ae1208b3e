import { rm, rmdir } from 'node:fs/promises';
import { expect } from 'chai';
import { thrownBy } from '../../support/thrown-by.ts';
import { useVictims, type Victim } from '../../support/victim.ts';

describe('the repair of an instance', () => {
  const inUse = useVictims('unfit');
  let victim: Victim;

  beforeEach(() => {
    ({ victim } = inUse());
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

  for (const [where, fields, code] of [
    ['Swift', { swift_cluster: 2 }, 'swift'],
    ['S3', { fs_scheme: 's3' }, 'other_storage'],
  ] as const)
    it(`is refused where its files are in ${where}, and fsck compares none of them`, async () => {
      await victim.changeInstance(fields);
      await rm(victim.onDisk('/'), { recursive: true });
      await victim.remove('io.cozy.files', 'io.cozy.files.trash-dir');
      expect(await victim.check()).to.deep.equal(['index_missing_trash']);
      const before = await victim.everything();
      expect(await thrownBy(victim.repair())).to.include({ code });
      expect(await victim.everything()).to.deep.equal(before);
    });
});
