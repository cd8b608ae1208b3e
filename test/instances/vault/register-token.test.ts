import { expect } from 'chai';
import { isRegisterToken } from '../../../src/instances/vault/register-token.ts';

const HEX = '764d8918db0d4d46ff037ba5526bb085';
const STORED = 'dk2JGNsNTUb/A3ulUmuwhQ==';

describe('isRegisterToken', () => {
  it('compares what is stored in base64 with what links carry in hex', () => {
    expect(isRegisterToken(STORED, HEX)).to.equal(true);
    expect(isRegisterToken(STORED, HEX.toUpperCase())).to.equal(true);
  });

  it('takes nothing else', () => {
    for (const given of ['', STORED, HEX.slice(2), `${HEX}00`, `${HEX}0`, ` ${HEX}`, 'zz'.repeat(16)]) {
      expect(isRegisterToken(STORED, given), given).to.equal(false);
    }
  });

  it('takes nothing where no token is stored, or one that could be guessed', () => {
    expect(isRegisterToken(undefined, '')).to.equal(false);
    expect(isRegisterToken('', '')).to.equal(false);
    expect(isRegisterToken('AAA=', '0000')).to.equal(false);
  });
});
