import { expect } from 'chai';
import { findFlags } from '../../../src/operations/features/flag-documents.ts';
import { flagHistory } from '../../../src/operations/features/flag-history.ts';
import { send as sendTo } from '../../support/admin-client.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { startTestWeb, type TestWeb } from '../../support/web.ts';

describe('flags that are no instance’s own, by the admin API', () => {
  let fleet: TestFleet;
  let web: TestWeb;

  const send = (line: string, body?: string) =>
    sendTo(web.adminUrl, line, body === undefined ? {} : { body });

  before(async () => {
    fleet = await startTestFleet({
      worker: false,
      configure: (config) => ({
        ...config,
        contexts: { beta: { features: ['plain', { valued: 2 }] }, empty: {} },
      }),
    });
    web = await startTestWeb(fleet);
  });

  after(async () => {
    await web.close();
    await fleet.close();
  });

  const statusAndText = async (line: string, body?: string) => {
    const { status, text } = await send(line, body);
    return [status, text];
  };

  it('are null before there are any', async () => {
    for (const path of ['defaults', 'contexts/beta']) {
      expect(await statusAndText(`GET /instances/feature/${path}`)).to.deep.equal([200, 'null\n']);
    }
  });

  it('of the defaults are merged and answered in the order of their names; null takes one away', async () => {
    const path = '/instances/feature/defaults';
    expect(await statusAndText(`PATCH ${path}`, '{"b":1,"a":{"x":[true]}}')).to.deep.equal([
      200,
      '{"a":{"x":[true]},"b":1}\n',
    ]);
    expect(await statusAndText(`PATCH ${path}`, '{"a":null,"c":"text"}')).to.deep.equal([
      200,
      '{"b":1,"c":"text"}\n',
    ]);
    expect(await statusAndText(`GET ${path}`)).to.deep.equal([200, '{"b":1,"c":"text"}\n']);
    expect(await findFlags(fleet.server, 'defaults')).to.deep.equal({ b: 1, c: 'text' });
  });

  it('of a context are lists of ratios, of which an empty one takes the flag away', async () => {
    const path = '/instances/feature/contexts/beta';
    const body = '{"some":[{"ratio":0.5,"value":1,"note":"x"},{"value":2}],"gone":[]}';
    const stored = {
      some: [
        { ratio: 0.5, value: 1 },
        { ratio: 0, value: 2 },
      ],
    };
    expect(JSON.parse((await send(`PATCH ${path}`, body)).text)).to.deep.equal(stored);
    expect(await findFlags(fleet.server, { context: 'beta' })).to.deep.equal(stored);
    expect(await statusAndText(`PATCH ${path}`, '{"some":[]}')).to.deep.equal([200, '{}\n']);
    expect(await statusAndText(`GET ${path}`)).to.deep.equal([200, '{}\n']);
  });

  it('of the configuration are shown, and a context that it does not have is told in the words of a stack', async () => {
    const path = '/instances/feature/config';
    expect(await statusAndText(`GET ${path}/beta`)).to.deep.equal([200, '{"plain":true,"valued":2}\n']);
    expect(await statusAndText(`GET ${path}/empty`)).to.deep.equal([200, '{}\n']);
    const { status, json } = await send(`GET ${path}/nosuch`);
    expect(status).to.equal(500);
    expect(json.errors[0].detail).to.equal('Unable to get context "nosuch" from config');
  });

  it('are refused where they could not be stored, or no list is one, and nothing is changed', async () => {
    await send('PATCH /instances/feature/defaults', '{"kept":1}');
    const before = await findFlags(fleet.server, 'defaults');
    for (const [path, body] of [
      ['defaults', '{"_x":1}'],
      ['defaults', '[]'],
      ['defaults', '{"a":'],
      ['contexts/beta', '{"a":1}'],
      ['contexts/beta', '{"a":[1]}'],
      ['contexts/beta', '{"a":[{"ratio":"half","value":1}]}'],
    ]) {
      const { status } = await send(`PATCH /instances/feature/${path}`, body);
      expect(status, `${path} ${body}`).to.be.oneOf([400, 422]);
    }
    expect(await findFlags(fleet.server, 'defaults')).to.deep.equal(before);
  });

  it('are noted with who changed them', async () => {
    await send('PATCH /instances/feature/defaults', '{"noted":1}');
    await send('PATCH /instances/feature/contexts/gamma', '{"noted":[{"ratio":1,"value":1}]}');
    for (const scope of ['defaults', { context: 'gamma' }] as const) {
      const [entry] = await flagHistory(fleet.fleet, scope, 1);
      expect(entry).to.deep.include({ what: 'features', state: 'done', fields: ['noted'] });
      expect(entry?.by).to.equal('operator@127.0.0.1');
    }
  });

  it('want the passphrase of the operator', async () => {
    const { status } = await sendTo(web.adminUrl, 'PATCH /instances/feature/defaults', {
      body: '{"a":1}',
      headers: { authorization: '' },
    });
    expect(status).to.be.oneOf([401, 403]);
  });
});
