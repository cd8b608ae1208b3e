import { expect } from 'chai';
import { pageLanguage } from '../../../src/web/pages/page-language.ts';
import { pageLanguages } from '../../../src/web/pages/page-texts.ts';

const language = (locale: string | undefined, accepted?: string): string =>
  pageLanguage(locale, accepted === undefined ? {} : { 'accept-language': accepted }, pageLanguages());

describe('the language of a page', () => {
  it('is that of the instance, whatever the browser likes', () => {
    expect(['fr', 'fr-FR', 'fr_FR', 'FR'].map((locale) => language(locale, 'de'))).to.deep.equal(
      Array.from({ length: 4 }, () => 'fr'),
    );
  });

  it('is what the browser likes best where the instance has none that we have', () => {
    expect(language('pl', 'it, ja;q=0.5, nl;q=0.9')).to.equal('nl');
    expect(language(undefined, 'fr-CA')).to.equal('fr');
    expect(language('', 'vi')).to.equal('vi');
  });

  it('is English where nobody likes any', () => {
    for (const accepted of [undefined, '', 'pl', '*;q=0', ',;=;', 'x'.repeat(10_000)]) {
      expect(language('pl', accepted), accepted).to.equal('en');
    }
    expect(language('__proto__')).to.equal('en');
    expect(language('../en')).to.equal('en');
  });
});
