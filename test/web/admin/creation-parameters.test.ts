import { expect } from 'chai';
import { rulesOf } from '../../../src/operations/input/rules-of.ts';
import { readCreation } from '../../../src/web/admin/creation-parameters.ts';
import { stackError } from '../../../src/web/admin/messages/error-json.ts';
import { redisAt } from '../../support/redis-at.ts';
import { workerConfig } from '../../support/worker-settings.ts';

const config = workerConfig({
  couchUrl: 'http://127.0.0.1:1',
  redis: redisAt('redis://127.0.0.1:1'),
  storageRoot: '/nowhere',
  prefix: 'fleet',
  concurrency: 1,
});

const DOMAIN = 'alice.example.org';

function read(parameters: Record<string, string>) {
  return readCreation(new Map(Object.entries({ Domain: DOMAIN, ...parameters })), rulesOf(config));
}

function optionsOf(parameters: Record<string, string>) {
  return read(parameters).parsed.options;
}

function refusalOf(parameters: Record<string, string>) {
  try {
    read(parameters);
  } catch (error) {
    const { status, title, detail, parameter } = stackError(error);
    return { status, title, detail, parameter };
  }
  throw new Error('nothing was refused');
}

describe('the parameters of a creation', () => {
  it('may say things of which a stack knows as little as we do', () => {
    expect(
      optionsOf({ ContextName: 'nobody-knows', SwiftLayout: '-1', Trace: 'maybe', Other: 'x' }),
    ).to.include({
      context: 'nobody-knows',
    });
  });

  for (const [given, kept] of [
    ['fr-FR', 'fr-FR'],
    ['fr-FR,fr;q=0.9,en;q=0.8', 'fr-FR'],
    [' de', 'de'],
    ['*', 'en'],
    ['', 'en'],
  ] as const) {
    it(`have the locale ${JSON.stringify(kept)} where they say ${JSON.stringify(given)}`, () => {
      expect(optionsOf({ Locale: given }).locale).to.equal(kept);
    });
  }

  for (const [given, kept] of [
    ['0', undefined],
    ['-1', undefined],
    ['5000000000', 5_000_000_000],
    ['+7', 7],
  ] as const) {
    it(`have ${kept ?? 'no'} bytes of quota where they say ${given}`, () => {
      expect(optionsOf({ DiskQuota: given }).diskQuota).to.equal(kept);
    });
  }

  it('take a member of an organization without an address', () => {
    expect(optionsOf({ OrgID: 'o', OrgDomain: 'example.org' })).to.include({
      orgId: 'o',
      orgDomain: 'example.org',
    });
  });

  it('take a passphrase for clear text unless key and iterations come with it', () => {
    const Key = '0.aXY=|Y3Q=';
    expect(read({ Passphrase: 'p', KdfIterations: '0', Key }).hashed).to.equal(undefined);
    expect(read({ Passphrase: 'p', KdfIterations: '650000' }).hashed).to.equal(undefined);
    expect(read({ Passphrase: 'p', KdfIterations: '650000', Key }).hashed).to.deep.equal({
      hashed: 'p',
      key: Key,
      iterations: 650_000,
    });
  });

  const illegal = {
    status: 422,
    title: 'Invalid Parameter',
    detail: 'Domain name contains illegal characters',
    parameter: 'domain',
  };
  for (const Domain of [
    '',
    '..',
    '.a.example.org',
    'a b.example.org',
    'https://a.example.org',
    'a\u0000b.example.org',
    `${'a'.repeat(300)}.org`,
  ]) {
    it(`are refused with the domain ${JSON.stringify(Domain.slice(0, 20))}`, () => {
      expect(refusalOf({ Domain })).to.deep.equal(illegal);
    });
  }

  it('are refused with an alias that is no domain', () => {
    expect(refusalOf({ DomainAliases: 'ok.example.org,not ok' })).to.deep.equal(illegal);
  });

  it('are refused with the domain as its own alias, as one that exists', () => {
    expect(refusalOf({ DomainAliases: DOMAIN })).to.include({
      status: 409,
      detail: 'Instance already exists',
    });
  });

  it('are refused with terms that are no version', () => {
    expect(refusalOf({ TOSSigned: 'yes' })).to.include({ status: 400, detail: 'Bad format for TOS version' });
  });

  for (const [parameter, value] of [
    ['KdfIterations', '49999'],
    ['KdfIterations', '5000001'],
    ['KdfIterations', 'many'],
    ['DiskQuota', '5GB'],
    ['DiskQuota', '9'.repeat(19)],
    ['AutoUpdate', 'maybe'],
    ['MagicLink', 'maybe'],
    ['AuthMode', 'nonsense'],
    ['CouchCluster', '7'],
    ['Email', 'line\nbreak@example.org'],
    ['PublicName', 'a\u0000b'],
    ['PublicName', 'x'.repeat(2000)],
    ['Passphrase', 'x'.repeat(5000)],
  ] as const) {
    it(`are refused with ${parameter} ${JSON.stringify(value.slice(0, 20))}, which is named`, () => {
      expect(refusalOf({ [parameter]: value })).to.include({ status: 422, parameter });
    });
  }

  it('are refused with words that name what is wrong, for a command that prints nothing else', () => {
    expect(refusalOf({ Phone: 'none' }).detail).to.equal('Phone: there is no digit in it');
    expect(refusalOf({ DiskQuota: '5GB' }).detail).to.match(/^DiskQuota: /);
    expect(refusalOf({ Passphrase: 'p', KdfIterations: 'many' }).detail).to.match(/^KdfIterations: /);
  });

  it('are refused with a key of a vault that is none, which is not quoted', () => {
    const { detail, ...refusal } = refusalOf({ Passphrase: 'p', KdfIterations: '650000', Key: 'secret key' });
    expect(refusal).to.include({ status: 422, parameter: 'Key' });
    expect(detail).not.to.contain('secret');
  });
});
