import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { putInCloudery } from '../../src/stack/cloudery.ts';
import {
  changedBody,
  commonSettingsOf,
  firstBody,
  getCommonSettings,
  postCommonSettings,
} from '../../src/stack/common-settings.ts';
import { NotTold } from '../../src/stack/told-service.ts';
import { sampleOptions } from '../instances/sample-options.ts';
import { listeningOn } from '../support/listening-on.ts';
import { thrownBy } from '../support/thrown-by.ts';

const FAMILY = { url: 'http://family', token: 't' };
const DEFAULT = { url: 'http://default', token: 't' };

/** More than sockets hold, in bytes, and what is sent of it at a time. */
const ENDLESS = 64_000_000;
const PART = 'x'.repeat(64_000);

const BODY = changedBody({ domain: 'alice.example.org', locale: 'fr', settings: {} }, 2, 1000);

describe('common settings', () => {
  it("are those of the instance's context", () => {
    expect(commonSettingsOf({ family: FAMILY, default: DEFAULT }, 'family')).to.equal(FAMILY);
  });

  it('are those of the default context where the own one has none', () => {
    expect(commonSettingsOf({ family: FAMILY, default: DEFAULT }, 'notes')).to.equal(DEFAULT);
  });

  it('are told to nobody where none are configured', () => {
    expect(commonSettingsOf({}, 'toString')).to.equal(undefined);
  });

  it('are told to nobody where the own context names none', () => {
    expect(commonSettingsOf({ family: { url: '', token: '' }, default: DEFAULT }, 'family')).to.equal(
      undefined,
    );
  });

  it('say who the user is, without empty keys', () => {
    const options = sampleOptions({
      domain: 'alice.example.org',
      locale: 'fr',
      settings: { public_name: 'Alice Martin', email: 'alice@example.org' },
    });
    expect(firstBody(options, 'https', 1000)).to.deep.equal({
      source: 'cozy-stack',
      nickname: 'alice',
      request_id: 'alice.example.org_1000000000',
      timestamp: 1000,
      version: 1,
      payload: {
        language: 'fr',
        timezone: 'Europe/Paris',
        first_name: 'Alice',
        last_name: 'Martin',
        email: 'alice@example.org',
        matrix_id: '@alice:example.org',
        display_name: 'Alice Martin',
        avatar: 'https://alice.example.org/public/avatar?v=1',
      },
    });
  });

  function payloadOf(domain: string, settings: Record<string, string>): unknown {
    return Object(firstBody(sampleOptions({ domain, settings }), 'https', 1000)).payload;
  }

  for (const [publicName, first_name, last_name] of [
    ['Alice Martin', 'Alice', 'Martin'],
    ['Jan Willem van der Berg', 'Jan', 'Berg'],
    ['Zoé', 'Zoé', 'Zoé'],
  ]) {
    it(`take the first and the last word of "${publicName}"`, () => {
      const payload = payloadOf('a.example.org', { public_name: publicName ?? '' });
      expect(payload).to.include({ first_name, last_name, display_name: publicName });
    });
  }

  for (const [what, domain, settings, expected] of [
    ['an address', 'alice.example.org', { email: 'Alice.Martin@Corp.example' }, '@alice.martin:example.org'],
    ['no address', 'alice.example.org', {}, '@alice:example.org'],
    ['an address without local part', 'alice.example.org', { email: '@corp.example' }, '@alice:example.org'],
    ['an address without @', 'alice.example.org', { email: 'alice' }, '@alice:example.org'],
    ['an address with two @', 'alice.example.org', { email: 'a@b@corp.example' }, '@a:example.org'],
    ['a port', 'alice.localhost:8080', { email: 'Al@corp.example' }, '@al:localhost:8080'],
  ] as const) {
    it(`name the user in Matrix by ${what}`, () => {
      expect(payloadOf(domain, settings)).to.include({ matrix_id: expected });
    });
  }

  it('name nobody in Matrix where the domain has one label only', () => {
    expect(payloadOf('localhost', { email: 'al@corp.example' })).to.not.have.property('matrix_id');
  });

  describe('are posted', () => {
    const seen: { url: string | undefined; authorization: string | undefined }[] = [];
    let server: Server;
    let url: string;
    let status = 200;
    let answer = '{}';

    before(async () => {
      server = createServer((request, response) => {
        seen.push({ url: request.url, authorization: request.headers.authorization });
        response.writeHead(status).end(answer);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address() as AddressInfo;
      url = `http://127.0.0.1:${address.port}`;
    });

    after(() => {
      server.closeAllConnections();
      server.close();
    });

    it('with the bearer token to the path of the service', async () => {
      status = 200;
      await postCommonSettings({ url, token: 'abc' }, BODY, undefined);
      expect(seen.at(-1)).to.deep.equal({ url: '/api/admin/user/settings', authorization: 'Bearer abc' });
    });

    it('and a refusal is told without the token', async () => {
      status = 500;
      const error = await thrownBy(postCommonSettings({ url, token: 'abc' }, BODY, undefined));
      expect(error).to.be.instanceOf(NotTold);
      expect(String(error)).to.equal('NotTold: it answered 500');
    });

    it('in the place of the path of its URL, as a stack does', async () => {
      status = 200;
      await postCommonSettings({ url: `${url}/base?x=1`, token: 'abc' }, BODY, undefined);
      expect(seen.at(-1)?.url).to.equal('/api/admin/user/settings?x=1');
    });

    it('with a token that a user in the URL does not replace', async () => {
      status = 200;
      await postCommonSettings({ url: url.replace('//', '//u:p@'), token: 'abc' }, BODY, undefined);
      expect(seen.at(-1)?.authorization).to.equal('Bearer abc');
    });

    it('and what is no answer of theirs is not believed', async () => {
      status = 200;
      answer = '<html>welcome</html>';
      const error = await thrownBy(getCommonSettings({ url, token: 'abc' }, 'alice', undefined));
      expect(String(error)).to.equal('NotTold: its answer is no JSON');
    });

    it('and a redirect to a page that is there is no success', async () => {
      const paths: (string | undefined)[] = [];
      const proxy = createServer((request, response) => {
        paths.push(request.url);
        const isPage = request.url === '/login';
        response.writeHead(isPage ? 200 : 302, isPage ? {} : { location: '/login' }).end('<html>');
      });
      const service = { url: `http://127.0.0.1:${await listeningOn(proxy)}`, token: 'abc' };
      try {
        const error = await thrownBy(postCommonSettings(service, BODY, undefined));
        expect(String(error)).to.equal('NotTold: it answered 302');
        const told = { uuid: 'u', locale: 'fr', email: '', publicName: '' };
        expect(String(await thrownBy(putInCloudery(service, told, undefined)))).to.equal(
          'NotTold: it answered 302',
        );
        expect(paths).not.to.include('/login');
      } finally {
        proxy.closeAllConnections();
        proxy.close();
      }
    });

    it('and an answer without an end is read no further than needed', async () => {
      let sent = 0;
      const endless = createServer((_request, response) => {
        response.on('error', () => undefined);
        const more = (): void => {
          while (!response.destroyed && sent < ENDLESS) {
            sent += PART.length;
            if (!response.write(PART)) break;
          }
          if (sent >= ENDLESS) response.end();
        };
        response.on('drain', more);
        more();
      });
      const service = { url: `http://127.0.0.1:${await listeningOn(endless)}`, token: 'abc' };
      try {
        const error = await thrownBy(getCommonSettings(service, 'alice', undefined));
        expect(String(error)).to.equal('NotTold: its answer is no JSON');
        expect(sent).to.be.below(ENDLESS / 2);
      } finally {
        endless.closeAllConnections();
        endless.close();
      }
    });

    it('and a service that is not there is told by what the socket says', async () => {
      const error = await thrownBy(
        postCommonSettings({ url: 'http://127.0.0.1:1', token: 'abc' }, BODY, undefined),
      );
      expect(String(error)).to.match(/^NotTold: (ECONNREFUSED|TypeError)$/);
    });
  });
});
