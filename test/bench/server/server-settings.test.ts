import { expect } from 'chai';
import { changeSettings, KEN_OFF, shards } from '../../../bench/server/server-settings.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { type ConfigServer, startConfigServer } from './config-server.ts';

describe('settings of CouchDB for the time of a run', () => {
  let couch: ConfigServer;

  beforeEach(async () => {
    couch = await startConfigServer();
  });

  afterEach(() => couch.close());

  it('switch the building of indexes off', async () => {
    await changeSettings(couch.url, KEN_OFF);
    expect(Object.fromEntries(couch.settings)).to.deep.equal({
      'ken/batch_channels': '0',
      'ken/incremental_channels': '0',
    });
  });

  it('are taken away again where there were none', async () => {
    const putBack = await changeSettings(couch.url, [...KEN_OFF, shards(1)]);
    await putBack();
    expect(couch.settings.size).to.equal(0);
  });

  it('become again what they were', async () => {
    couch.settings.set('ken/batch_channels', '20');
    const putBack = await changeSettings(couch.url, KEN_OFF);
    await putBack();
    expect(Object.fromEntries(couch.settings)).to.deep.equal({ 'ken/batch_channels': '20' });
  });

  it('are never written to the files of the server', async () => {
    const putBack = await changeSettings(couch.url, KEN_OFF);
    await putBack();
    expect(couch.persisted).to.deep.equal(['false', 'false', 'false', 'false']);
  });

  it('are put back when one of them is refused', async () => {
    couch.refused.add('ken/incremental_channels');
    await thrownBy(changeSettings(couch.url, KEN_OFF));
    expect(couch.settings.size).to.equal(0);
  });

  it('are put back once, however often that is asked', async () => {
    const putBack = await changeSettings(couch.url, KEN_OFF);
    await putBack();
    couch.settings.set('ken/batch_channels', '7');
    await putBack();
    expect(couch.settings.get('ken/batch_channels')).to.equal('7');
  });

  it('that could not be put back are named', async () => {
    couch.settings.set('ken/batch_channels', '20');
    const putBack = await changeSettings(couch.url, KEN_OFF);
    couch.refused.add('ken/batch_channels');
    expect(String(await thrownBy(putBack()))).to.include('[ken] batch_channels = 20');
  });
});
