import { expect } from 'chai';
import { FleetError } from '../../../src/errors.ts';
import { newSealKey } from '../../../src/jobs/fleet/seal.ts';
import { createSigner } from '../../../src/jobs/fleet/signer.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { samplePayload } from '../fixture.ts';

describe('the signature of a job', () => {
  const key = newSealKey();
  const signer = createSigner(key);
  const signed = signer.sign('job-1', samplePayload({ batch: { id: 'AB2', row: 1 } }));

  function refusal(id: string, data: unknown, by = signer): FleetError {
    try {
      by.read({ id, data });
    } catch (error) {
      if (error instanceof FleetError) return error;
    }
    throw new Error('it was not refused');
  }

  it('is read back, whatever the order of the fields', () => {
    const data = Object.fromEntries(Object.entries(JSON.parse(JSON.stringify(signed))).reverse());
    expect(signer.read({ id: 'job-1', data })).to.deep.equal(signed);
  });

  it('is good for each process that knows the key', () => {
    expect(createSigner(key).read({ id: 'job-1', data: signed })).to.deep.equal(signed);
  });

  it('holds on when the job is tried again', () => {
    expect(signer.read({ id: 'job-1', data: { ...signed, generation: 4 } })).to.include({ generation: 4 });
  });

  for (const [what, id, data] of [
    ['another job', 'job-2', signed],
    ['a job without id', '', signed],
    ['more tries', 'job-1', { ...signed, tries: 9 }],
    ['another row', 'job-1', { ...signed, batch: { id: 'AB2', row: 2 } }],
    ['no row', 'job-1', { ...signed, batch: undefined }],
    ['other options', 'job-1', { ...signed, options: sampleOptions({ locale: 'fr' }) }],
    ['another domain', 'job-1', { ...signed, options: sampleOptions({ domain: 'bob.example.com' }) }],
    [
      'an outcome',
      'job-1',
      { v: 1, kind: 'create', domain: 'alice.example.com', outcome: 'created', mac: signed.mac },
    ],
    ['no signature', 'job-1', { ...signed, mac: undefined }],
    ['a signature of nothing', 'job-1', { ...signed, mac: 'A'.repeat(43) }],
  ] as const) {
    it(`is refused with ${what}`, () => {
      expect(refusal(id, data)).to.include({ code: 'forged' });
    });
  }

  it('is refused where another fleet made it', () => {
    expect(refusal('job-1', signed, createSigner(newSealKey()))).to.include({ code: 'forged' });
  });

  it('advises to submit again what has none, for an earlier version queued it', () => {
    const error = refusal('job-1', samplePayload());
    expect(error.message).to.include('an earlier version');
    expect(error.advice).to.include('submit it again');
  });
});
