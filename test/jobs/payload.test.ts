import { expect } from 'chai';
import { FleetError } from '../../src/errors.ts';
import {
  domainOf,
  type EndedPayload,
  isEnded,
  namesOf,
  parsePayload,
  payloadHash,
} from '../../src/jobs/payload.ts';
import { sampleOptions } from '../instances/sample-options.ts';
import { samplePayload } from './fixture.ts';

function refusal(data: unknown): FleetError {
  try {
    parsePayload(data);
  } catch (error) {
    if (error instanceof FleetError) return error;
  }
  throw new Error('it was not refused');
}

describe('payloads', () => {
  const ended: EndedPayload = { v: 1, kind: 'create', domain: 'alice.example.com', outcome: 'created' };

  it('are read back as they were written, as JSON', () => {
    const payload = samplePayload({ sealedPassphrase: 'x', batch: { id: 'AB2', row: 3 }, generation: 2 });
    expect(parsePayload(JSON.parse(JSON.stringify(payload)))).to.deep.equal(payload);
  });

  it('that have shrunk to their outcome are read too', () => {
    const read = parsePayload(ended);
    expect(isEnded(read)).to.equal(true);
    expect(domainOf(read)).to.equal('alice.example.com');
  });

  it('may name what comes first, which makes no other work of them', () => {
    const payload = { ...samplePayload(), after: ['acme.example.com'] };
    expect(parsePayload(payload)).to.deep.equal(payload);
    expect(payloadHash(payload)).to.equal(payloadHash(samplePayload()));
  });

  it('of an earlier or later version are refused', () => {
    expect(refusal({ ...samplePayload(), v: 2 })).to.include({ code: 'bad_payload' });
    expect(refusal({ ...samplePayload(), v: 2 }).message).to.include(': v:');
  });

  it('name the field that is wrong, however deep', () => {
    const options = { ...sampleOptions(), locale: 7 };
    expect(refusal({ ...samplePayload(), options }).message).to.include('options.locale');
  });

  it('name a field that is missing', () => {
    const { tries: _, ...rest } = samplePayload();
    expect(refusal(rest).message).to.include('tries');
  });

  it('with a field that nobody knows are refused: it may matter to whoever wrote it', () => {
    expect(refusal({ ...samplePayload(), dryRun: true }).message).to.include('dryRun');
  });

  it('that are nothing at all are refused', () => {
    for (const data of [undefined, null, 'text', [], 7]) expect(refusal(data).code).to.equal('bad_payload');
  });

  it('never quote a value, which might be a secret', () => {
    const options = { ...sampleOptions(), hasPassphrase: 'open sesame' };
    const { message, advice } = refusal({ ...samplePayload(), options });
    expect(message + advice).to.not.include('sesame');
  });

  it('hold the domain first, then the aliases', () => {
    const options = sampleOptions({ aliases: ['b.org', 'a.org'] });
    expect(namesOf(samplePayload({ options }))).to.deep.equal(['alice.example.com', 'b.org', 'a.org']);
  });

  describe('have a hash that', () => {
    const hash = payloadHash(samplePayload());

    it('is equal for equal work, whoever asked for it', () => {
      expect(payloadHash(samplePayload({ batch: { id: 'B', row: 1 }, generation: 4 }))).to.equal(hash);
    });

    it('differs with the options', () => {
      expect(payloadHash({ kind: 'create', options: sampleOptions({ locale: 'fr' }) })).to.not.equal(hash);
    });

    it('differs with the applications', () => {
      expect(payloadHash({ kind: 'create', options: sampleOptions({ apps: ['drive'] }) })).to.not.equal(hash);
    });
  });
});
