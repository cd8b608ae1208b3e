import { expect } from 'chai';
import { uuidV7 } from '../../../src/instances/vault/uuid-v7.ts';

describe('uuidV7', () => {
  it('is the time and the random bytes, marked as version 7', () => {
    const uuid = uuidV7(0x017f22e279b0, (size) => Buffer.alloc(size, 0xff));
    expect(uuid).to.equal('017f22e2-79b0-7fff-bfff-ffffffffffff');
  });

  it('is never the same twice', () => {
    expect(uuidV7(0)).not.to.equal(uuidV7(0));
  });
});
