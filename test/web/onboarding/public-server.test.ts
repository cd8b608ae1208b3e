import { request } from 'node:http';
import { expect } from 'chai';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { until } from '../../support/until.ts';
import { startTestWeb, type TestWeb } from '../../support/web.ts';

interface Reply {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

describe('the onboarding on the public server', () => {
  let test: TestFleet;
  let web: TestWeb;

  before(async () => {
    test = await startTestFleet();
    web = await startTestWeb(test);
  });

  after(async () => {
    await web.close();
    await test.close();
  });

  function send(host: string, path: string, form?: Readonly<Record<string, string>>): Promise<Reply> {
    const type = form && { 'content-type': 'application/x-www-form-urlencoded' };
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          port: web.publicPort,
          method: form === undefined ? 'GET' : 'POST',
          path,
          headers: { host, accept: 'text/html', ...type },
        },
        (answer) => {
          let body = '';
          answer.setEncoding('utf8').on('data', (part) => {
            body += part;
          });
          const { statusCode: status = 0 } = answer;
          answer.on('end', () => resolve({ status, location: answer.headers.location, body }));
        },
      );
      sent.on('error', reject);
      sent.end(form && new URLSearchParams(form).toString());
    });
  }

  it('leads from a creation to an instance in use, whose page does not ask for mail any more', async () => {
    const domain = test.domain('whole');
    await test.create({ domain });
    await until('the host is known', async () => (await send(domain, '/')).status === 200);
    expect((await send(domain, '/')).body).to.contain('look for our mail');
    const instance = await test.instance(domain);
    const token = Buffer.from(instance?.register_token ?? '', 'base64').toString('hex');
    const form = await send(domain, `/?registerToken=${token}`);
    expect(form.body).to.contain('Choose your password');
    const posted = await send(domain, '/settings/passphrase', {
      register_token: token,
      passphrase: 'open sesame, said he',
      iterations: '0',
    });
    expect([posted.status, posted.location]).to.deep.equal([303, '/']);
    expect((await send(domain, '/')).body).to.contain('This Cozy is ready');
  });

  it('shows nobody what cannot be registered with, by no path', async () => {
    const unknown = await send('nobody.example.org', '/');
    const posted = await send('nobody.example.org', '/settings/passphrase', { register_token: 'x' });
    expect(unknown.status).to.equal(404);
    expect(posted).to.deep.equal(unknown);
  });
});
