import { expect } from 'chai';
import { compareVersions, isNewer, parseVersion } from '../../../src/apps/manifest/app-version.ts';

describe('versions of applications', () => {
  const order = (left: string, right: string): number | undefined => {
    const one = parseVersion(left);
    const other = parseVersion(right);
    return one && other && compareVersions(one, other);
  };

  it('are in the order in which a stack has them', () => {
    const oldestFirst = [
      '1.9.9',
      '1.60.0-9',
      '1.60.0-alpha',
      '1.60.0-alpha.1',
      '1.60.0-alpha.9',
      '1.60.0-alpha.10',
      '1.60.0-alpha.beta',
      '1.60.0-beta',
      '1.60.0',
      '1.60.1',
      '2.0.0-dev.0123abc',
      '2.0.0',
      '10.0.0',
    ];
    for (const [at, version] of oldestFirst.entries()) {
      for (const newer of oldestFirst.slice(at + 1)) {
        expect(order(version, newer), `${version} before ${newer}`).to.equal(-1);
        expect(order(newer, version), `${newer} after ${version}`).to.equal(1);
      }
    }
  });

  it('are newer than what comes before them, and than what cannot be put in order', () => {
    expect(isNewer('1.60.0', '1.59.0')).to.equal(true);
    expect(isNewer('1.59.0', '1.60.0')).to.equal(false);
    expect(isNewer('1.60.0', '1.60.0+build.7')).to.equal(false);
    expect(isNewer('1.60.0', '1.61.0-01')).to.equal(true);
    expect(isNewer('1.61.0-01', '1.60.0')).to.equal(false);
  });

  it('are the same with parts left out, a v before them, and whatever follows a plus', () => {
    for (const same of ['1.60', 'v1.60.0', '1.60.0+build.7', '01.60']) {
      expect(order(same, '1.60.0'), same).to.equal(0);
    }
  });

  it('cannot be put in order where a stack cannot read them', () => {
    for (const text of [
      '',
      'latest',
      '1.2.3.4',
      '1.0.0-01',
      '1.0.0-',
      '1.0.0 ',
      '18446744073709551616.0.0',
    ]) {
      expect(parseVersion(text), JSON.stringify(text)).to.equal(undefined);
    }
    expect(parseVersion('18446744073709551615.0.0')).not.to.equal(undefined);
  });
});
