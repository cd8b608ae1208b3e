import { expect } from 'chai';
import { loadConfig } from '../../src/config/load-config.ts';
import { fleetYaml } from '../../src/up/config-file.ts';
import { temporaryDirectory } from '../config/temporary-directory.ts';

describe('fleetYaml', () => {
  const directory = temporaryDirectory();

  it('is read back as it was meant, odd characters included', () => {
    const storageRoot = directory.path('a b {{é}} #1');
    directory.write(
      '.fleet/cozy.yaml',
      fleetYaml({
        couchUrl: 'http://u:p%23@127.0.0.1:5999',
        storageRoot,
        redisUrl: 'redis://:{{x}}@127.0.0.1:6399/0',
        linkScheme: 'http',
        shards: 1,
      }),
    );
    const config = loadConfig({ env: {}, cwd: directory.path(), home: directory.path('home') });
    expect(config.couchdb.url).to.equal('http://u:p%23@127.0.0.1:5999');
    expect(config.storage.root).to.equal(storageRoot);
    expect(config.fleet.redis).to.include({ host: '127.0.0.1', port: 6399, password: '{{x}}', database: 0 });
    expect(config.fleet).to.include({ linkScheme: 'http', q: 1 });
  });

  it('leaves a Redis out that is said elsewhere', () => {
    const text = fleetYaml({ couchUrl: 'http://h:1', storageRoot: '/srv', linkScheme: 'https' });
    expect(text).not.to.contain('redis');
    directory.write('.fleet/cozy.yaml', text);
    const env = { COZY_FLEET_REDIS_ADDRS: 's:1', COZY_FLEET_REDIS_MASTER: 'm' };
    const config = loadConfig({ env, cwd: directory.path(), home: directory.path('home') });
    expect(config.fleet).to.include({ linkScheme: 'https' });
    expect(config.fleet.redis).to.include({ kind: 'sentinel', master: 'm' });
  });
});
