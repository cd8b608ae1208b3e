import { expect } from 'chai';
import { mojibakeIn } from '../../src/instances/mojibake.ts';
import { cpuTime } from '../support/cpu-time.ts';

describe('mojibakeIn', () => {
  const converted = [
    'ZoÃ© Martin',
    'BrÃ»lÃ©',
    'NÂ° 5',
    'FranÃ§ois',
    'Å“uvre',
    'Lâ€™Aigle',
    'ï»¿a',
    'ÐœÐ°ÐºÑ',
    'Zo├®',
    'Zo√©',
  ];
  for (const text of converted) {
    it(`finds what was converted once too often in ${text}`, () => {
      expect(mojibakeIn(text)).to.include({ surely: true });
    });
  }

  it('is not sure where a quotation may end, or a no-break space follow', () => {
    expect(mojibakeIn('«RENÉ»')).to.deep.equal({ piece: 'É»', surely: false });
    expect(mojibakeIn('É\u00a0Marca')).to.include({ surely: false });
  });

  const right = [
    'Zoé',
    'Müller–Lüdenscheidt',
    'Žižek',
    'Ærøskøbing',
    'ÇA ÉTAIT',
    'Đặng Văn Lâm',
    'Мария',
    '日本',
    'ÅÄÖ',
  ];
  for (const text of right) {
    it(`finds nothing in ${text}`, () => {
      expect(mojibakeIn(text)).to.equal(undefined);
    });
  }

  it('takes its time with no text', () => {
    const time = cpuTime(() => {
      mojibakeIn('Ã'.repeat(1_000_000));
      mojibakeIn('Ã©'.repeat(500_000));
    });
    expect(time).to.be.below(2_000);
  });
});
