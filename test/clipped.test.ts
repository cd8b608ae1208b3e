import { expect } from 'chai';
import stringWidth from 'string-width';
import { clipped } from '../src/clipped.ts';

describe('a line on a narrow terminal', () => {
  it('is cut where it would be too wide', () => {
    const wide = '山田太郎の新しいインスタンス';
    expect(clipped(wide, 5)).to.equal('山田');
    expect(clipped('👩‍👩‍👧👩‍👩‍👧', 3)).to.equal('👩‍👩‍👧');
    expect(clipped('e\u0301e\u0301', 1)).to.equal('e\u0301');
    expect(stringWidth(clipped(wide, 9))).to.be.at.most(9);
    expect(clipped('short', 80)).to.equal('short');
  });
});
