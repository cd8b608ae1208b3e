import { expect } from 'chai';
import { mojibakeIn } from '../../../src/instances/values/mojibake.ts';
import { cpuTime } from '../../support/cpu-time.ts';

describe('mojibakeIn', () => {
  const converted = [
    'ZoÃ© Martin',
    'BrÃ»lÃ©',
    'NÂ° 5',
    'FranÃ§ois',
    'Å“uvre',
    'ZoÃ«',
    'MÃ¼ller',
    'PaweÅ‚',
    'DÄ…browski',
    'GabrielÄ—',
    'ÄŒapek',
    'AyÅŸe',
    'ErdÅ‘s',
    'TÅ™inec',
    'FRANÃ‡OIS',
    'MUÃ‘OZ',
    'BJÃ–RN',
    'IaÈ™i',
    'Tráº§n Tiáº¿n',
    'Lâ€™Aigle',
    'Ð˜Ð²Ð°Ð½',
    'ÎœÎ¬ÏÎ¹Î¿Ï‚',
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

  const inCapitals = [
    'MÍŠA KŘÍŽ',
    'RÚŽENA KRÍŽOVÁ',
    'BOŽENA NĚMCOVÁ-KŘÍŽKOVÁ',
    'ĽUDMILA BÚŽIKOVÁ A ÁŠA DÚŽEK',
    'PITEÅ–LULEÅ',
    'LULEÅ–södra',
    'LULEÅ—UMEÅ—PITEÅ',
    '„UMEÅ“',
    '‚UMEÅ‘',
    '»UMEÅ«',
    '›UMEÅ‹',
    'LULEÅ… OCH UMEÅ…',
    'UMEÅ™ LULEÅ®',
    'LULEÅ·UMEÅ',
    'LULEÅ’S',
    'Å–REINE',
    '„JYVÄ“ „HÄMEENLINNÄ“',
    'HÄŠIROVÁ',
    '„JOSÉ“ „RENÉ“',
    'JOSÉ™ RENÉ™',
    'CAFFÈ™',
    'EMPLOYÉ·ES ET ASSOCIÉ·ES',
    'JOSÉ… ET RENÉ…',
    'ZOÉ–RENÉ–ANDRÉ',
    'CONCEIÇÃO MAGALHÃES',
    'IRMÃ JOÃO',
    'ŁUKASZ ŻÓŁĆ',
    'GÜLŞAH ÖZTÜRK',
    'NGUYỄN VĂN ÂN',
    'ȘTEFAN ÎNCĂRCĂȚEL',
    'PIERRE LOUŸS, L’HAŸ–LES–ROSES',
  ];
  for (const name of inCapitals) {
    it(`does not take ${name} for converted`, () => {
      expect(mojibakeIn(name)?.surely ?? false).to.equal(false);
    });
  }

  it('has a doubt about a mark behind a capital letter', () => {
    expect(mojibakeIn('PITEÅ–LULEÅ')).to.deep.equal({ piece: 'Å–', surely: false });
    expect(mojibakeIn('MÍŠA KŘÍŽ')).to.deep.equal({ piece: 'ÍŠ', surely: false });
  });

  it('tells the piece that makes it sure', () => {
    expect(mojibakeIn('„JOSÉ“ ZoÃ©')).to.deep.equal({ piece: 'Ã©', surely: true });
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
