import { expect } from 'chai';
import { configSecrets } from '../../src/config/config-secrets.ts';
import { redisAt } from '../support/redis-at.ts';
import { workerConfig } from '../support/worker-settings.ts';

describe('configSecrets', () => {
  const config = workerConfig({
    couchUrl: 'http://admin:p%40ss%2Fword@couch.example:5984',
    redis: redisAt('redis://:redis-pass@127.0.0.1:6379'),
    storageRoot: '/storage',
    prefix: 'fleet',
    concurrency: 1,
  });

  it('knows passwords of URLs as they are written, as they are meant, and as they are sent', () => {
    const secrets = configSecrets(config);
    expect(secrets).to.include.members([
      'p%40ss%2Fword',
      'p@ss/word',
      Buffer.from('admin:p@ss/word').toString('base64'),
      'redis-pass',
    ]);
  });

  it('knows the passphrase of the admin port of a stack as it is, and as it is sent', () => {
    const stackAdmin = { url: 'http://127.0.0.1:6060', passphrase: 'open sesame' };
    const sent = Buffer.from(':open sesame').toString('base64');
    expect(configSecrets({ ...config, stackAdmin })).to.include.members([
      'open sesame',
      'open%20sesame',
      sent,
    ]);
  });

  it('knows tokens, and names nothing that is none', () => {
    const serve = { ...config.serve, clouderyToken: 'cloudery-token' };
    const clouderies = { beta: { url: 'https://u:manager%20pass@c.example', token: 'manager-token' } };
    const secrets = configSecrets({ ...config, serve, clouderies, rag: { beta: { token: 'rag-token' } } });
    expect(secrets).to.include.members(['cloudery-token', 'manager-token', 'manager pass', 'rag-token']);
    expect(secrets).not.to.include.members(['']);
    expect(secrets.join(' ')).not.to.include('couch.example');
  });
});
