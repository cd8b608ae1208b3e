import { expect } from 'chai';
import { pageLanguages, pageTexts } from '../../../src/web/pages/page-texts.ts';

/** All texts, with their place. */
function textsOf(value: object, path = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, inside]): [string, string][] =>
    typeof inside === 'string' ? [[`${path}${key}`, inside]] : textsOf(Object(inside), `${path}${key}.`),
  );
}

describe('the texts of pages', () => {
  it('are there in eight languages, English first', () => {
    expect(pageLanguages()).to.deep.equal(['en', 'de', 'es', 'fr', 'ja', 'nl', 'ru', 'vi']);
  });

  it('are translated, each of them', () => {
    const english = new Map(textsOf(pageTexts('en')));
    for (const language of pageLanguages().slice(1)) {
      const same = textsOf(pageTexts(language)).filter(([place, text]) => english.get(place) === text);
      expect(same, language).to.deep.equal([]);
    }
  });

  it('say where a link leads, in every language', () => {
    for (const language of pageLanguages()) expect(pageTexts(language).moved.link).to.contain('{host}');
  });

  it('are English for a language that is not there', () => {
    expect(pageTexts('pl')).to.equal(pageTexts('en'));
    expect(pageTexts('constructor')).to.equal(pageTexts('en'));
  });
});
