import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { expect } from 'chai';
import { CouchError } from '../src/couchdb/errors.ts';
import { incarnationOf } from '../src/instances/documents/incarnation.ts';
import { enqueueJob } from '../src/jobs/queue/enqueue.ts';
import { PASSPHRASE_PATH } from '../src/web/onboarding/choose-page.ts';
import { connectWorker } from '../src/workers/connect.ts';
import { sentPassphrase } from './support/browser-vault.ts';
import { everythingInRedis } from './support/everything-in-redis.ts';
import { startTestFleet, type TestFleet } from './support/fleet.ts';
import { startPagesServer } from './support/pages-server.ts';
import { redisAt } from './support/redis-at.ts';
import { capturingLog } from './support/test-log.ts';

/** Secrets that others have put where they do not belong: into what they answer, or what they are asked for. */
describe('secrets in failures', () => {
  let test: TestFleet;
  const cloudery = `cloudery ${randomBytes(8).toString('hex')}`;

  before(async function () {
    this.timeout(60_000);
    test = await startTestFleet({
      configure: (config) => ({ ...config, serve: { ...config.serve, clouderyToken: cloudery } }),
    });
  });

  after(() => test.close());

  async function expectNowhere(secrets: readonly string[], ...more: readonly string[]): Promise<void> {
    const everything = [...(await everythingInRedis(test.fleet.redis)), ...test.logLines, ...more].join('\n');
    expect(secrets.filter((secret) => everything.includes(secret))).to.deep.equal([]);
  }

  it('are kept out of log and Redis where CouchDB repeats them in what it answers', async () => {
    const token = randomBytes(16).toString('hex');
    const secrets = {
      password: test.couch.password,
      authorization: test.couch.authorization.replace('Basic ', ''),
      token,
      stored: Buffer.from(token, 'hex').toString('base64'),
      secret: randomBytes(64).toString('base64'),
      hash: 'scrypt$32768$8$1$0102030405060708$090a0b0c0d0e0f10',
      cloudery,
    };
    test.beforeStage('databases', () => {
      const reason = `cannot take ${Object.values(secrets).join(' and ')}, sorry`;
      throw new CouchError('couch.example:5984', 'POST /x/_bulk_docs', {
        status: 400,
        error: 'bad_request',
        reason,
      });
    });
    const { end } = await test.create({ domain: test.domain('repeated') });
    expect(end).to.include({ state: 'failed', code: 'couchdb_400' });
    expect(JSON.stringify(end)).to.include('cannot take [masked]').and.include('sorry');
    expect(test.logLines.join('\n')).to.include('cannot take [masked]');
    await expectNowhere(Object.values(secrets));
  });

  it('are kept out of the log of a whole destruction', async () => {
    const { domain } = await test.create({ domain: test.domain('gone') });
    const instance = await test.instance(domain);
    const { _id: id = '', cli_secret: cli = '', register_token: token = '' } = instance ?? {};
    const seen = { id, incarnation: incarnationOf({ cli_secret: cli }) };
    const work = { kind: 'destroy', domain, seen, skipAccounts: false, resume: false } as const;
    const answer = await enqueueJob(test.fleet, { work, tries: 8 });
    if (answer.state !== 'queued') throw new Error(answer.state);
    expect(await test.ended(answer.jobId)).to.include({ state: 'done', outcome: 'destroyed' });
    expect(test.logLines.join('\n')).to.include(answer.jobId);
    const secrets = [cli, token, instance?.session_secret ?? '', instance?.oauth_secret ?? ''];
    expect(secrets.filter((secret) => secret === '')).to.deep.equal([]);
    await expectNowhere(secrets);
  });

  it('are kept out of the log where an owner registers, or is refused', async () => {
    const lines: string[] = [];
    const web = await startPagesServer(test, { log: capturingLog(lines) });
    const domain = test.domain('owner');
    const token = randomBytes(16).toString('hex');
    const stored = Buffer.from(token, 'hex').toString('base64');
    const sent = sentPassphrase(`owner ${randomBytes(6).toString('hex')}`, `me@${domain}`);
    async function post(given: string): Promise<number> {
      const body = new URLSearchParams({
        register_token: given,
        hint: '',
        ...sent,
        iterations: String(sent.iterations),
      });
      const headers = {
        host: domain,
        accept: 'text/html',
        'content-type': 'application/x-www-form-urlencoded',
      };
      return await status(web.port, headers, body.toString());
    }
    try {
      await web.putOnboarding({ domain, register_token: stored });
      const wrong = randomBytes(16).toString('hex');
      await post(wrong);
      await post(token);
      expect(lines.join('\n')).to.include('a passphrase was registered').and.include(domain);
      const { passphrase_hash: hash = '' } = (await test.instance(domain)) ?? {};
      expect(hash).not.to.equal('');
      await expectNowhere(
        [token, stored, wrong, hash, sent.passphrase, sent.key, sent.private_key],
        ...lines,
      );
    } finally {
      await web.close();
    }
  });

  it('are kept out of the refusal of a Redis that does not take its password', async () => {
    const password = `planted-${randomBytes(6).toString('hex')}`;
    const lines: string[] = [];
    const redis = redisAt(`redis://somebody:${password}@127.0.0.1:${test.redis.port}`);
    const config = { ...test.config, fleet: { ...test.config.fleet, redis } };
    const refusal = await connectWorker({ config, log: capturingLog(lines) }).then(
      () => 'started',
      (error: Error) => `${error.message} ${error.stack}`,
    );
    expect(refusal).not.to.equal('started');
    await expectNowhere([password], refusal, ...lines);
  });
});

/** Posts a body, and answers the status. */
async function status(port: number, headers: Record<string, string>, body: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    const sent = request({ port, path: PASSPHRASE_PATH, method: 'POST', headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
