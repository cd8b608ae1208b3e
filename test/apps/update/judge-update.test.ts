import { expect } from 'chai';
import { parseSource } from '../../../src/apps/app-source.ts';
import { checkManifest } from '../../../src/apps/manifest/manifest.ts';
import { judgeUpdate, takesAnyRules } from '../../../src/apps/update/judge-update.ts';

describe('what an update does', () => {
  const rules = { files: { type: 'io.cozy.files', verbs: ['GET'] } };
  const wider = { files: { type: 'io.cozy.files', verbs: ['GET', 'POST'] } };

  function judged({
    version = '2.0.0',
    permissions = rules,
    terms = {},
    source = 'registry://agenda/stable',
    safe = false,
    takesAny = false,
    takesOlder = false,
  }) {
    return judgeUpdate({
      installed: {
        _id: 'io.cozy.apps/agenda',
        _rev: '1-a',
        version: '1.0.0',
        terms: { url: '', version: '' },
      },
      rules,
      next: { version, manifest: checkManifest({ permissions, terms }, 'webapp', 'a test') },
      source: parseSource(source),
      safe,
      takesAnyRules: takesAny,
      takesOlder,
    });
  }

  it('is to put another version in its place', () => {
    expect(judged({})).to.deep.equal({ update: 'replace' });
  });

  it('is nothing where the newest version of stable is older, and nobody has asked for it', () => {
    const current = { update: 'current', reason: "1.0.0 is newer than the registry's 0.9.0" };
    expect(judged({ version: '0.9.0' })).to.deep.equal(current);
    expect(judged({ version: '0.9.0', permissions: wider, safe: true })).to.deep.equal(current);
  });

  it('is to put an older version in its place that was asked for, or that another source has', () => {
    const version = '0.9.0';
    expect(judged({ version, takesOlder: true })).to.deep.equal({ update: 'replace' });
    for (const source of [
      'registry://agenda/beta',
      'registry://agenda/stable/0.9.0',
      'https://host/agenda.tar',
    ]) {
      expect(judged({ version, source }), source).to.deep.equal({ update: 'replace' });
    }
  });

  it('is nothing but another source where the version is the same', () => {
    expect(judged({ version: '1.0.0' })).to.deep.equal({ update: 'current' });
  });

  it('is to fetch what has to be fetched to know its version', () => {
    expect(judged({ version: '1.0.0', source: 'file:///srv/agenda' })).to.deep.equal({ update: 'replace' });
  });

  it('is to take other permissions and terms, unless it is to be safe', () => {
    const terms = { url: 'https://example.org', version: '2' };
    const held = { update: 'hold', availableVersion: '2.0.0' };
    expect(judged({ permissions: wider, terms })).to.deep.equal({ update: 'replace' });
    expect(judged({ permissions: wider, safe: true })).to.deep.equal(held);
    expect(judged({ terms, safe: true })).to.deep.equal(held);
    expect(judged({ safe: true })).to.deep.equal({ update: 'replace' });
  });

  it('has nothing wait of the version that is there, for nobody could take it', () => {
    const terms = { url: 'https://example.org', version: '2' };
    expect(judged({ version: '1.0.0', permissions: wider, terms, safe: true })).to.deep.equal({
      update: 'current',
    });
  });

  it('asks nobody about the permissions of the platform’s own, but about their terms', () => {
    const terms = { url: 'https://example.org', version: '2' };
    expect(judged({ permissions: wider, safe: true, takesAny: true })).to.deep.equal({ update: 'replace' });
    expect(judged({ terms, safe: true, takesAny: true })).to.include({ update: 'hold' });
  });

  describe('without a question about permissions', () => {
    const webapp = (slug: string) => ({ kind: 'webapp', slug }) as const;

    it('is for webapps of the platform, not for konnectors of that name', () => {
      expect(takesAnyRules(webapp('drive'), {}, undefined)).to.equal(true);
      expect(takesAnyRules(webapp('agenda'), {}, undefined)).to.equal(false);
      expect(takesAnyRules({ kind: 'konnector', slug: 'drive' }, {}, undefined)).to.equal(false);
    });

    it('is where the context says so, or that of default', () => {
      const contexts = {
        beta: { additional_platform_apps: ['agenda'] },
        open: { permissions_skip_verification: true },
        default: { additional_platform_apps: ['tasks'] },
      };
      expect(takesAnyRules(webapp('agenda'), contexts, 'beta')).to.equal(true);
      expect(takesAnyRules(webapp('tasks'), contexts, 'beta')).to.equal(false);
      expect(takesAnyRules(webapp('tasks'), contexts, 'unknown')).to.equal(true);
      expect(takesAnyRules({ kind: 'konnector', slug: 'edf' }, contexts, 'open')).to.equal(true);
    });
  });
});
