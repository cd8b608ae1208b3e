import { expect } from 'chai';
import {
  haveConditions,
  meetsConditions,
  parseAppCondition,
} from '../../../src/apps/manifest/app-condition.ts';
import { InputError } from '../../../src/errors.ts';

describe('a condition about an application', () => {
  const meets = (slug: string, version: string, ...conditions: string[]): boolean =>
    meetsConditions(
      { slug, version },
      conditions.map((text) => parseAppCondition(text, '--where')),
    );

  it('compares its version', () => {
    const older = '1.59.9';
    const same = '1.60.0';
    const newer = '1.60.1';
    const meeting = (condition: string): string[] =>
      [older, same, newer].filter((version) => meets('drive', version, condition));
    expect(meeting('drive<1.60')).to.deep.equal([older]);
    expect(meeting('drive<=1.60')).to.deep.equal([older, same]);
    expect(meeting('drive=1.60')).to.deep.equal([same]);
    expect(meeting('drive == v1.60.0')).to.deep.equal([same]);
    expect(meeting('drive!=1.60')).to.deep.equal([older, newer]);
    expect(meeting('drive>=1.60')).to.deep.equal([same, newer]);
    expect(meeting('drive>1.60')).to.deep.equal([newer]);
  });

  it('is met by whichever version where it is a slug alone', () => {
    expect(meets('drive', '1.0.0', 'drive')).to.equal(true);
    expect(meets('notes', '1.0.0', 'drive')).to.equal(false);
  });

  it('takes a version that cannot be put in order for older than any other', () => {
    expect(meets('drive', 'main', 'drive<0.0.1')).to.equal(true);
    expect(meets('drive', '', 'drive>=0')).to.equal(false);
  });

  it('must hold beside all others about the same application', () => {
    const between = ['drive>=1.50', 'drive<1.60'];
    expect(meets('drive', '1.55.0', ...between)).to.equal(true);
    expect(meets('drive', '1.49.0', ...between)).to.equal(false);
    expect(meets('drive', '1.60.0', ...between)).to.equal(false);
    expect(meets('notes', '2.0.0', ...between, 'notes')).to.equal(true);
  });

  it('holds for an instance that has each application that is named, as it is said', () => {
    const apps = [
      { slug: 'drive', version: '1.55.0' },
      { slug: 'notes', version: '2.0.0' },
    ];
    const have = (...conditions: string[]): boolean =>
      haveConditions(
        apps,
        conditions.map((text) => parseAppCondition(text, '--app')),
      );
    expect(have('drive<1.60')).to.equal(true);
    expect(have('drive<1.60', 'drive>=1.50', 'notes')).to.equal(true);
    expect(have('drive<1.60', 'drive>1.55')).to.equal(false);
    expect(have('drive<1.60', 'store')).to.equal(false);
    expect(haveConditions([], [parseAppCondition('drive', '--app')])).to.equal(false);
  });

  it('is refused where it is none, with what it says', () => {
    for (const text of ['', 'Drive', 'drive<', 'drive~1', 'drive<latest', '<1.60', 'drive<1 2']) {
      expect(() => parseAppCondition(text, '--where'), JSON.stringify(text))
        .to.throw(InputError)
        .with.property('code', 'bad_filter');
    }
  });
});
