import { expect } from 'chai';
import { mixedAlphabets, readsLike, skeletonOf } from '../../../src/instances/values/look-alike.ts';
import { cpuClock } from '../../support/cpu-time.ts';

describe('skeletonOf', () => {
  const twins = [
    ['alice', 'аlice'],
    ['google', 'gооgle'],
    ['google', 'g00gle'],
    ['max', 'rnax'],
    ['paul', 'pau1'],
    ['éléonore', 'e\u0301le\u0301onore'],
    ['copied', 'co\u00adpied'],
    ['copied', '\u200bcopied\ufeff'],
  ] as const;
  for (const [name, other] of twins) {
    it(`is one for ${JSON.stringify(name)} and ${JSON.stringify(other)}`, () => {
      expect(skeletonOf(name)).to.equal(skeletonOf(other));
    });
  }

  it('differs where names do not look the same', () => {
    expect(skeletonOf('rene')).to.not.equal(skeletonOf('rené'));
    expect(skeletonOf('anna')).to.not.equal(skeletonOf('ana'));
  });
});

describe('mixedAlphabets', () => {
  it('names those that are mixed', () => {
    expect(mixedAlphabets('аlice')).to.deep.equal(['Latin', 'Cyrillic']);
    expect(mixedAlphabets('οmega')).to.deep.equal(['Latin', 'Greek']);
  });

  it('says nothing of one alphabet, digits, or scripts that are written together', () => {
    for (const label of ['alice', 'éléonore-2', 'мария', 'tokyo東京タワー', '😀']) {
      expect(mixedAlphabets(label), label).to.deep.equal([]);
    }
  });
});

describe('readsLike', () => {
  it('reads foreign letters as plain ones', () => {
    expect(readsLike('сосо')).to.equal('coco');
    expect(readsLike('ехаmрlе')).to.be.a('string');
  });

  it('says nothing of what reads as nothing else', () => {
    for (const label of ['apple', 'éléonore', 'мария', 'жук', 'łódź', '日本']) {
      expect(readsLike(label), label).to.equal(undefined);
    }
  });

  it('takes no longer for a name of accents without end', () => {
    const elapsed = cpuClock();
    skeletonOf(`a${'\u0301\u0323'.repeat(100_000)}`);
    expect(elapsed()).to.be.below(100);
  });
});
