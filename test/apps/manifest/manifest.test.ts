import { expect } from 'chai';
import { AppError } from '../../../src/apps/errors.ts';
import { checkManifest, MANIFEST_LIMIT_BYTES, parseManifest } from '../../../src/apps/manifest/manifest.ts';

function refusalOf(json: string, kind: 'webapp' | 'konnector' = 'webapp'): string {
  try {
    parseManifest(json, kind, 'x.tar');
  } catch (error) {
    if (error instanceof AppError && error.code === 'app_manifest') return error.message;
    throw error;
  }
  throw new Error('the manifest was taken');
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

describe('a manifest', () => {
  const stored = (manifest: object) => checkManifest(manifest, 'webapp', 'x').stored;

  it('keeps what nobody knows', () => {
    expect(stored({ screenshots: ['a.png'], mobile: { a: [1, null] } })).to.deep.include({
      screenshots: ['a.png'],
      mobile: { a: [1, null] },
    });
  });

  it('loses the verbs of a rule that names ALL', () => {
    const permissions = { a: { type: 'io.cozy.files', verbs: ['GET', 'ALL'] } };
    expect(stored({ permissions })['permissions']).to.deep.equal({ a: { type: 'io.cozy.files' } });
  });

  it('has its verbs in one order, once each', () => {
    const permissions = { a: { type: 'io.cozy.files', verbs: ['DELETE', 'GET', 'DELETE'] } };
    expect(stored({ permissions }))
      .to.have.nested.property('permissions.a.verbs')
      .deep.equal(['GET', 'DELETE']);
  });

  it('keeps of intents and routes what a stack keeps', () => {
    expect(
      stored({ intents: [{ action: 'PICK', data: 1 }], routes: { '/': { folder: '/', x: 1 } } }),
    ).to.deep.include({
      intents: [{ action: 'PICK', type: null, href: '' }],
      routes: { '/': { folder: '/', index: '', public: false } },
    });
  });

  it('may ask for a family of doctypes', () => {
    const permissions = { a: { type: 'io.cozy.bank.*' } };
    expect(stored({ permissions })['permissions']).to.deep.equal(permissions);
  });

  it('may be nested, and written in any script', () => {
    const value = JSON.parse(`{"x":${nested(99)},"y":"𝄞"}`);
    expect(stored(value)).to.deep.include(value);
  });

  it('has the same limit where it came inside an answer', () => {
    const large = { x: 'é'.repeat(MANIFEST_LIMIT_BYTES / 2) };
    expect(() => stored(large))
      .to.throw(AppError, 'has more than 2097152 bytes')
      .and.include({ code: 'app_manifest' });
  });

  it('may name any type but the other kind: the name of its file counts', () => {
    for (const type of ['node', 'konnector', '', 'rust', 5, null]) {
      const manifest = checkManifest({ slug: 'nodetyped', type, language: 'node' }, 'konnector', 'x');
      expect(manifest).to.include({ kind: 'konnector', slug: 'nodetyped' });
      expect(manifest.stored).to.include({ type });
    }
    expect(checkManifest({ type: 'app' }, 'webapp', 'x')).to.include({ kind: 'webapp' });
  });

  it('of a konnector must not call itself a webapp', () => {
    expect(refusalOf('{"type":"webapp"}', 'konnector')).to.include('"type" must not be webapp');
  });

  const bad: readonly [string, string, string][] = [
    ['is not JSON', '{"name":', 'is not JSON'],
    ['is no object', '[]', 'is not a map of fields'],
    ['has a slug with a slash', '{"slug":"a/b"}', '"slug" must be a slug'],
    ['has a slug that climbs', '{"slug":".."}', '"slug" must be a slug'],
    ['has a version that climbs', '{"version":"../../1"}', '"version" must be a version'],
    ['is of another kind', '{"type":"konnector"}', '"type" must not be konnector'],
    ['has an unknown verb', '{"permissions":{"a":{"type":"io.cozy.files","verbs":["RUN"]}}}', 'verbs.0'],
    ['asks for all doctypes', '{"permissions":{"a":{"type":"io.cozy.*"}}}', 'is not a doctype'],
    ['asks for an odd doctype', '{"permissions":{"a":{"type":"io..cozy"}}}', 'is not a doctype'],
    ['has an unknown trigger', '{"services":{"a":{"trigger":"@nightly"}}}', 'is not a trigger'],
    ['has a trigger without its time', '{"services":{"a":{"trigger":"@cron"}}}', 'is not a trigger'],
    ['has a trigger of no time', '{"services":{"a":{"trigger":"@every day"}}}', 'services.a.trigger" is not'],
    ['has an event of no doctype', '{"services":{"a":{"trigger":"@event Files"}}}', 'it needs doctypes'],
    ['has a version like a temporary name', '{"version":"tmp1"}', '"version" must be a version'],
    ['is nested too deep', `{"x":${nested(100)}}`, 'is nested more than 100 deep'],
    ['is nested beyond all measure', `{"locales":{"en":${nested(20_000)}}}`, 'is nested more than 100 deep'],
    ['has half a character', '{"x":["\\ud800"]}', 'has a text that is not Unicode'],
    ['has half a character in a name', '{"x":{"\\udc00":1}}', 'has a text that is not Unicode'],
    [
      'is too large',
      JSON.stringify({ x: 'é'.repeat(MANIFEST_LIMIT_BYTES / 2) }),
      'has more than 2097152 bytes',
    ],
    ['has routes that are a list', '{"routes":[]}', '"routes" must be a map'],
  ];

  for (const [name, json, message] of bad) {
    it(`that ${name} is refused`, () => {
      expect(refusalOf(json)).to.include(message).and.to.include('x.tar');
    });
  }
});
