import { expect } from 'chai';
import { FleetError } from '../../../src/errors.ts';
import { parseInstanceOptions } from '../../../src/instances/options/parse-options.ts';
import {
  domainOf,
  type EndedPayload,
  isEnded,
  namesOf,
  parsePayload,
  payloadHash,
} from '../../../src/jobs/kinds/payload.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { samplePayload } from '../fixture.ts';

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
    const sealedPassphrase = '0123456789abcdef AAAA';
    const payload = samplePayload({ sealedPassphrase, batch: { id: 'AB2', row: 3 }, generation: 2 });
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

  it('may say who wanted it and why, in bounds, which makes no other work of them', () => {
    const payload = { ...samplePayload(), by: 'me@host', reason: 'start of term' };
    expect(parsePayload(payload)).to.deep.equal(payload);
    expect(payloadHash(payload)).to.equal(payloadHash(samplePayload()));
    expect(refusal({ ...payload, reason: 'x'.repeat(501) }).message).to.include('reason');
    expect(refusal({ ...payload, by: 'x'.repeat(257) }).message).to.include('by');
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

  describe('that no command would have queued are refused, with the field named:', () => {
    const seen = { id: 'abc', incarnation: '0123456789abcdef' };
    const envelope = { v: 1, generation: 0, tries: 8 };
    const created = (changes: object) => ({
      ...samplePayload(),
      options: { ...sampleOptions(), ...changes },
    });
    const onInstance = (kind: string, more: object) => ({
      ...envelope,
      kind,
      domain: 'alice.example.com',
      seen,
      ...more,
    });
    const destroyed = (more: object) =>
      onInstance('destroy', { skipAccounts: false, resume: false, ...more });
    const modified = (changes: object) => onInstance('modify', { changes });
    const installed = (...apps: string[]) => onInstance('install-apps', { apps });
    const long = 'x'.repeat(2 ** 20 + 1);

    for (const [field, data] of [
      ['options.domain', created({ domain: '../../../outside' })],
      ['options.domain', created({ domain: 'bob.example/' })],
      ['options.domain', created({ domain: 'Alice.Example.com' })],
      ['options.domain', created({ domain: ' alice.example.com' })],
      ['options.domain', created({ domain: 'no-dot' })],
      ['options.domain', created({ domain: `${'a'.repeat(250)}.example.com` })],
      ['options.domain', created({ domain: `a${' '.repeat(900_000)}b` })],
      ['options.aliases.0', created({ aliases: ['../bob.example.com'] })],
      ['options.aliases', created({ aliases: ['b.example.com', 'b.example.com'] })],
      ['options.aliases', created({ aliases: ['alice.example.com'] })],
      ['options.locale', created({ locale: '../x' })],
      ['options.locale', created({ locale: '' })],
      ['options.oldDomain', created({ oldDomain: '..' })],
      ['options.orgDomain', created({ orgDomain: 'a/b.example.com' })],
      ['options.uuid', created({ uuid: 'a\u0000b' })],
      ['options.context', created({ context: '{{ context }}' })],
      ['options.sponsorships.0', created({ sponsorships: [''] })],
      ['options.tos', created({ tos: 'yesterday' })],
      ['options.tosLatest', created({ tosLatest: '1.0.0' })],
      ['options.blockingReason', created({ blockingReason: 'PROVISIONING', blocked: true })],
      ['options.blockingReason', created({ blockingReason: 'LOGIN_FAILED' })],
      ['options.couchCluster', created({ couchCluster: -1 })],
      ['options.diskQuota', created({ diskQuota: 0.5 })],
      ['options.settings._id', created({ settings: { _id: 'x' } })],
      ['options.settings', created({ settings: { email: 'nobody' } })],
      ['options.settings.public_name', created({ settings: { public_name: long } })],
      ['options.apps.0', created({ apps: ['file://../etc'] })],
      ['options.apps.0', created({ apps: ['https://user:secret@host/app.tar'] })],
      ['sealedPassphrase', { ...samplePayload(), sealedPassphrase: 'no seal' }],
      ['after.0', { ...samplePayload(), after: ['../x'] }],
      ['batch.id', { ...samplePayload(), batch: { id: '}:x', row: 1 } }],
      ['generation', { ...samplePayload(), generation: 2 ** 20 }],
      ['mac', { ...samplePayload(), mac: 'short' }],
      ['domain', destroyed({ domain: '../mallory' })],
      ['domain', destroyed({ domain: '' })],
      ['domain', destroyed({ domain: 'ALICE.example.com' })],
      ['seen.id', destroyed({ seen: { ...seen, id: '_design/x' } })],
      ['seen.incarnation', destroyed({ seen: { ...seen, incarnation: '' } })],
      ['filter.domain', destroyed({ filter: { domain: long } })],
      ['changes', modified({})],
      ['changes.aliases.0', modified({ aliases: ['a/b'] })],
      ['changes.locale', modified({ locale: '../../x' })],
      ['changes.deleting', modified({ deleting: false, locale: 'fr' })],
      ['changes.settings._rev', modified({ settings: { _rev: '1' } })],
      ['changes.blockingReason', modified({ blockingReason: 'X', blocked: false })],
      ['apps', installed()],

      ['changes', onInstance('modify-and-install', { apps: ['drive'] })],
      ['apps.0', onInstance('update-apps', { apps: ['registry://drive'], safe: false })],
      ['version', onInstance('update-apps', { apps: ['drive'], version: '../1', safe: false })],
      ['channel', onInstance('update-apps', { apps: ['drive'], channel: 'a/b', safe: false })],
      ['safe', onInstance('update-apps', { apps: ['drive'] })],
      ['apps.0', onInstance('uninstall-apps', { apps: ['../drive'], purgeCode: true })],
      ['purgeCode', onInstance('uninstall-apps', { apps: ['drive'] })],
      ['validMs', onInstance('reset-links', { validMs: 32 * 86_400_000 })],
      ['validMs', onInstance('reset-links', {})],
      ['logins', onInstance('clean-sessions', {})],
      ['files', onInstance('fsck', { index: true })],
      ['olderThanMs', onInstance('purge-jobs', { olderThanMs: 0 })],
      ['workers.0', onInstance('purge-jobs', { olderThanMs: 1, workers: ['../x'] })],
      ['workers', onInstance('purge-jobs', { olderThanMs: 1, workers: [] })],
      ['to', onInstance('export', {})],
      ['to', onInstance('export', { to: 'archives' })],
      ['exportTo', destroyed({ exportTo: '../archives' })],
      ['exportTo', destroyed({ exportTo: `/${long}` })],
      ['apps.0', installed('../../etc')],
      ['domain', { v: 1, kind: 'create', domain: 'a/b', outcome: 'created' }],
    ] as const) {
      const what = JSON.stringify(data, (_, value) =>
        typeof value === 'string' ? value.slice(0, 40) : value,
      );
      it(`${field} of ${what.slice(0, 150)}`, () => {
        const error = refusal(data);
        expect(error).to.include({ code: 'bad_payload' });
        expect(error.message).to.include(`${field}: `);
        expect(error.message).to.have.length.below(400);
      });
    }
  });

  it('take every form in which commands leave values', () => {
    const { options } = parseInstanceOptions(
      {
        domain: 'Ålice.example.org:8080',
        'domain-aliases': 'xn--bcher-kva.example.org,b.example.org',
        'old-domain': 'old-name.example.org',
        'org-domain': 'Example.ORG.',
        'org-id': 'acme',
        locale: 'zh_CN',
        uuid: 'u-1',
        oidc_id: 'o',
        franceconnect_id: 'f',
        'context-name': 'school',
        sponsorships: 'a,b',
        'feature-sets': 'c',
        tos: '20180716',
        'tos-latest': '1.2.0-20180716',
        tz: 'Europe/Paris',
        email: 'alice@example.org',
        'public-name': 'Alice « la belle » 5,000',
        phone: '+33 1 23 45',
        settings: 'a:b,empty:,auto_update:false',
        'disk-quota': '5GB',
        apps: 'drive,registry://notes/beta,file:///srv/a%20b,git+https://host/x.git#main',
        'auth-mode': 'two_factor_mail',
        'blocking-reason': 'UNPAID',
      },
      { subdomains: 'nested', clusters: 1 },
    );
    const payload = JSON.parse(JSON.stringify(samplePayload({ options })));
    expect(parsePayload(payload)).to.deep.equal(payload);
  });

  it('take the domains of instances that exist, whatever a stack once accepted', () => {
    for (const domain of [
      'localhost',
      'tw\u200bin.example.org',
      'a.example.org.',
      'xn--b.example.org',
      'a:8080',
    ]) {
      const work = { kind: 'destroy', domain, skipAccounts: false, resume: false };
      const payload = { ...work, v: 1, generation: 0, tries: 1 };
      expect(parsePayload(payload)).to.deep.equal(payload);
    }
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

    it('differs where a destruction has to ask for members', () => {
      const gone = { kind: 'destroy', domain: 'a.org', skipAccounts: false, resume: false } as const;
      expect(payloadHash({ ...gone, unlessMembers: true })).to.not.equal(payloadHash(gone));
    });

    it('differs with the revision that the instance of a destruction has to have', () => {
      const gone = { kind: 'destroy', domain: 'a.org', skipAccounts: false, resume: false } as const;
      const asked = { ...gone, unlessMembers: true } as const;
      expect(payloadHash({ ...asked, unlessChanged: '1-a' })).to.not.equal(payloadHash(asked));
    });

    it('differs with the applications', () => {
      expect(payloadHash({ kind: 'create', options: sampleOptions({ apps: ['drive'] }) })).to.not.equal(hash);
    });

    it('is the same with whatever first files the configuration has', () => {
      const skeleton = { digest: 'a'.repeat(64) };
      expect(payloadHash({ kind: 'create', options: sampleOptions({ skeleton }) })).to.equal(hash);
    });

    it('is another one for other first files that were asked for', () => {
      const skeleton = { digest: 'a'.repeat(64), directory: '/srv/welcome' };
      expect(payloadHash({ kind: 'create', options: sampleOptions({ skeleton }) })).to.not.equal(hash);
    });
  });
});
