import { expect } from 'chai';
import type { SkeletonOrder } from '../../../src/instances/options/skeleton-order.ts';
import { newSealKey } from '../../../src/jobs/fleet/seal.ts';
import { createSigner } from '../../../src/jobs/fleet/signer.ts';
import type { CreatePayload } from '../../../src/jobs/kinds/create.ts';
import type { Signed } from '../../../src/jobs/kinds/payload.ts';
import { withNewSkeleton } from '../../../src/jobs/queue/new-skeleton.ts';
import type { Progress } from '../../../src/jobs/queue/progress.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { samplePayload } from '../fixture.ts';

const JOB = 'a-job';

const OLD: SkeletonOrder = { digest: '0'.repeat(64), directory: '/srv/old' };
const NEW: SkeletonOrder = { digest: 'f'.repeat(64), directory: '/srv/new' };

const NOTHING: Progress = { stages: [] };

/** A creation whose skeleton was written, and that failed at its applications. */
const WRITTEN: Progress = {
  stages: [
    { stage: 'skeleton', state: 'done', startedAt: 0, ms: 1, tries: 1, generation: 0 },
    { stage: 'apps', state: 'running', startedAt: 0, tries: 1, generation: 0 },
  ],
  skeletonDone: 3,
};

describe('another skeleton for a creation that is tried again', () => {
  const signer = createSigner(newSealKey());
  const change = withNewSkeleton(signer, NEW);

  function ordered(skeleton: SkeletonOrder | undefined): Signed<CreatePayload> {
    return signer.sign(JOB, samplePayload({ options: { ...sampleOptions(), skeleton } }));
  }

  it('is signed in the place of the one that was ordered', () => {
    const data = change(JOB, ordered(OLD), NOTHING);
    expect(signer.read({ id: JOB, data }))
      .to.have.nested.property('options.skeleton')
      .that.deep.equals(NEW);
  });

  describe('of which an order by the configuration', () => {
    const { digest } = OLD;

    it('stays one where it is that of the configuration', () => {
      const data = withNewSkeleton(signer, NEW, NEW.directory)(JOB, ordered({ digest }), NOTHING);
      expect(data).to.have.nested.property('options.skeleton').that.deep.equals({ digest: NEW.digest });
    });

    it('names its directory where it is another one', () => {
      const data = withNewSkeleton(signer, NEW, '/srv/configured')(JOB, ordered({ digest }), NOTHING);
      expect(data).to.have.nested.property('options.skeleton').that.deep.equals(NEW);
    });
  });

  it('names its directory where one was named before, though it is that of the configuration', () => {
    const data = withNewSkeleton(signer, NEW, NEW.directory)(JOB, ordered(OLD), NOTHING);
    expect(data).to.have.nested.property('options.skeleton').that.deep.equals(NEW);
  });

  it('is not given to one that was ordered without any', () => {
    const payload = ordered(undefined);
    expect(change(JOB, payload, NOTHING)).to.equal(payload);
  });

  it('is not given to one that has all its first files, and lacks applications only', () => {
    const payload = ordered(OLD);
    expect(change(JOB, payload, WRITTEN)).to.equal(payload);
  });

  for (const [what, skeletonDone] of [
    ['has some of its first files', 25],
    ['has begun to get its first files', 0],
  ] as const) {
    it(`is refused for one that ${what}`, () => {
      const begun: Progress = { stages: [], skeletonDone };
      expect(() => change(JOB, ordered(OLD), begun)).to.throw('it has, or may have, files of the skeleton');
    });
  }
});
