import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { FleetError } from '../../../src/errors.ts';
import { storedPassphrase } from '../../../src/instances/vault/passphrase.ts';
import { newSealKey, seal, unseal } from '../../../src/jobs/fleet/seal.ts';
import { sealPassphrase, unsealPassphrase } from '../../../src/jobs/fleet/sealed-passphrase.ts';
import { passphraseMark } from '../../../src/jobs/kinds/create.ts';

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof FleetError ? error.code : error;
  }
}

describe('the seal', () => {
  const key = newSealKey();

  it('opens with the key it was made with', () => {
    expect(unseal(key, seal(key, { a: ['é'] }))).to.deep.equal({ a: ['é'] });
  });

  it('does not open with another key', () => {
    const sealed = seal(key, { a: 1 });
    expect(codeOf(() => unseal(newSealKey(), sealed))).to.equal('bad_seal');
  });

  it('does not open when a byte was changed', () => {
    const bytes = Buffer.from(seal(key, { a: 1 }), 'base64');
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    expect(codeOf(() => unseal(key, bytes.toString('base64')))).to.equal('bad_seal');
  });

  it('does not open what is no sealed text at all', () => {
    expect(codeOf(() => unseal(key, 'short'))).to.equal('bad_seal');
  });

  it('is another text each time, so that equal secrets do not show', () => {
    expect(seal(key, 'same')).to.not.equal(seal(key, 'same'));
  });

  it('has a new key of 32 bytes each time', () => {
    expect(Buffer.from(newSealKey(), 'base64')).to.have.length(32);
    expect(newSealKey()).to.not.equal(newSealKey());
  });
});

describe('a sealed passphrase', () => {
  const key = newSealKey();

  it('comes back as it was, and shows neither hash nor keys on its way', async () => {
    const stored = await storedPassphrase('open sesame', { domain: 'alice.example.org' });
    const sealed = sealPassphrase(key, stored, { domain: 'alice.example.org', passphrase: 'open sesame' })(
      'job-1',
    );
    const shown = [sealed, Buffer.from(sealed, 'base64').toString('latin1')].join('\n');
    for (const secret of [stored.passphraseHash, stored.vault.key, stored.vault.private_key, 'scrypt']) {
      expect(shown).to.not.include(secret);
    }
    expect(unsealPassphrase(key, sealed, { domain: 'alice.example.org', jobId: 'job-1' })).to.deep.equal(
      stored,
    );
  });

  it('has a mark that is the same for the same passphrase, and another for any other', async () => {
    const domain = 'alice.example.org';
    const stored = await storedPassphrase('open sesame', { domain });
    const marks = ['open sesame', 'open sesame', 'open barley'].map((passphrase) =>
      passphraseMark(sealPassphrase(key, stored, { domain, passphrase })(randomUUID())),
    );
    expect(marks[0]).to.equal(marks[1]);
    expect(marks[0]).not.to.equal(marks[2]);
  });

  it('has a mark that says nothing without the key', async () => {
    const clear = { domain: 'alice.example.org', passphrase: 'open sesame' };
    const stored = await storedPassphrase(clear.passphrase, clear);
    const other = sealPassphrase(newSealKey(), stored, clear)('job-1');
    expect(passphraseMark(other)).not.to.equal(passphraseMark(sealPassphrase(key, stored, clear)('job-1')));
  });

  describe('does not open', () => {
    const domain = 'alice.example.org';
    const passphrase = 'open sesame';
    let sealed = '';

    before(async () => {
      const stored = await storedPassphrase(passphrase, { domain });
      sealed = sealPassphrase(key, stored, { domain, passphrase })('job-1');
    });

    for (const [what, sealedFor] of [
      ['in another job', { domain, jobId: 'job-2' }],
      ['for another domain', { domain: 'bob.example.org', jobId: 'job-1' }],
      ['where domain and job are only written otherwise', { domain: 'alice.example.orgjob', jobId: '-1' }],
    ] as const) {
      it(what, () => {
        expect(codeOf(() => unsealPassphrase(key, sealed, sealedFor))).to.equal('bad_seal');
      });
    }

    it('with the key of another fleet', () => {
      const open = () => unsealPassphrase(newSealKey(), sealed, { domain, jobId: 'job-1' });
      expect(codeOf(open)).to.equal('bad_seal');
    });
  });

  it('is refused when it holds something else', () => {
    const other = { passphraseHash: 'x', vault: {} };
    const broken = sealPassphrase(key, JSON.parse(JSON.stringify(other)), {
      domain: 'a.org',
      passphrase: 'x',
    })('j');
    expect(() => unsealPassphrase(key, broken, { domain: 'a.org', jobId: 'j' })).to.throw();
  });
});
