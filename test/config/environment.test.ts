import { expect } from 'chai';
import { environmentValues, variableOf } from '../../src/config/environment.ts';

describe('environmentValues', () => {
  it('names a variable after its key', () => {
    expect(variableOf('fleet.redis_url')).to.equal('COZY_FLEET_REDIS_URL');
  });

  it('reads the variables of the stack and ours', () => {
    const values = environmentValues({
      COZY_COUCHDB_URL: 'http://couch',
      COZY_FS_URL: 'file:///a',
      COZY_ADMIN_PORT: '6061',
      COZY_FLEET_GRACE: '5',
    });
    expect(Object.fromEntries(values)).to.deep.equal({
      'couchdb.url': 'http://couch',
      'fs.url': 'file:///a',
      'admin.port': '6061',
      'fleet.grace': '5',
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(environmentValues({ COZY_FS_URL: '' }).size).to.equal(0);
  });
});
