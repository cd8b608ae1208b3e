import { expect } from 'chai';
import { findByNames } from '../../../src/instances/lookup/lookup.ts';
import { withCouch } from '../../../src/operations/connect/couch.ts';
import { planKeys, withKeyedFleet } from '../../../src/operations/connect/with-fleet.ts';
import { checkUpload, planUpload } from '../../../src/operations/instances/check-upload.ts';
import { heldPlan } from '../../../src/operations/plan/held-plan.ts';
import { withPlanServices } from '../../../src/operations/plan/open-plan.ts';
import { runPlan } from '../../../src/operations/plan/run-plan.ts';
import { headOf } from '../../../src/operations/plan/write-plan.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { putWithSettings } from '../../support/planned-platform.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('the plan of an upload', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
    await putWithSettings(platform, [{ domain: 'there.up.org' }]);
  });

  after(() => platform.close());

  it('is shown, then run just as it was shown, and once', async () => {
    const { config } = platform;
    await withCouch(config, (couch) =>
      withKeyedFleet(config, couch.global, async (fleet) => {
        const bytes = (async function* () {
          yield Buffer.from('domain\nfresh.up.org\nthere.up.org\n');
        })();
        const rows = { name: 'up.csv', format: undefined, bytes };
        const services = { config, couch };
        const work = { kind: 'create', defaults: {} } as const;
        const checked = await checkUpload(services, { rows, work, skipInvalid: false });
        const plan = await planUpload(services, checked, 8);
        expect(plan.rows.map(({ verdict }) => verdict.verdict)).to.deep.equal(['new', 'same']);
        const naming = { name: undefined, reason: '', tries: 8, maxFailures: undefined, by: 'somebody' };
        const held = heldPlan(headOf(plan, { ...(await planKeys(couch.global)), ...naming }), plan);
        await checked.close();
        const signal = AbortSignal.timeout(60_000);
        const run = () =>
          withPlanServices(config, couch, (looking) =>
            runPlan(
              looking,
              fleet,
              held,
              {
                actor: 'somebody',
                async: false,
                waitMs: undefined,
                signal,
                guardPercent: 5,
                howeverMany: undefined,
              },
              () => undefined,
            ),
          );
        expect((await run()).state).to.equal('submitted');
        expect((await run()).state).to.equal('again');
      }),
    );
    expect(await findByNames(platform.server, ['fresh.up.org'])).to.have.lengthOf(1);
  });

  it('is refused for an exported passphrase that is not good here', async () => {
    const { config } = platform;
    await withCouch(config, async (couch) => {
      const bytes = (async function* () {
        yield Buffer.from('domain,passphrase\nsealed.up.org,sealed:AAAA\n');
      })();
      const services = { config, couch };
      const rows = { name: 'up.csv', format: undefined, bytes };
      const work = { kind: 'create', defaults: {} } as const;
      const checked = await checkUpload(services, { rows, work, skipInvalid: false });
      const error = await thrownBy(planUpload(services, checked, 8));
      expect(error).to.have.property('code', 'foreign_passphrase');
      await checked.close();
    });
  });
});
