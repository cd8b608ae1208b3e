import { expect } from 'chai';
import { parseSettingsString } from '../../../src/instances/options/settings-string.ts';

describe('parseSettingsString', () => {
  it('splits at commas, then at the first colon', () => {
    expect(parseSettingsString('offer:freemium,url:http://a')).to.deep.equal({
      settings: { offer: 'freemium', url: 'http://a' },
      moved: {},
    });
  });

  it('trims nothing and ignores items without a colon', () => {
    expect(parseSettingsString(' a : b ,junk,,c:').settings).to.deep.equal({ ' a ': ' b ', c: '' });
  });

  it('lets the last of equal keys win', () => {
    expect(parseSettingsString('a:1,a:2').settings).to.deep.equal({ a: '2' });
  });

  it('moves what belongs to the instance', () => {
    const text =
      'context:beta,locale:fr,uuid:u1,oidc_id:o1,tos:1.0.0,tos_latest:2.0.0-20260101,auth_mode:basic,auto_update:f,a:b';
    expect(parseSettingsString(text)).to.deep.equal({
      settings: { a: 'b' },
      moved: {
        context: 'beta',
        locale: 'fr',
        uuid: 'u1',
        oidcId: 'o1',
        tos: '1.0.0',
        tosLatest: '2.0.0-20260101',
        authMode: 'basic',
        autoUpdate: false,
      },
    });
  });

  it('drops an auto_update that is no boolean', () => {
    expect(parseSettingsString('auto_update:maybe')).to.deep.equal({ settings: {}, moved: {} });
  });

  it('leaves values that only look like booleans or lists as texts', () => {
    const text = 'onboarding_finished:true,sponsorships:a,feature_sets:b';
    expect(parseSettingsString(text).settings).to.deep.equal({
      onboarding_finished: 'true',
      sponsorships: 'a',
      feature_sets: 'b',
    });
  });

  it('takes a key that is special in JavaScript for a key like any other', () => {
    const { settings } = parseSettingsString('__proto__:x,constructor:y');
    expect(Object.entries(settings)).to.deep.equal([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(settings)).to.equal(Object.prototype);
  });
});
