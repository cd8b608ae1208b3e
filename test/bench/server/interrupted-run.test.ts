import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { ownModule } from '../../support/own-process.ts';
import { type ConfigServer, startConfigServer } from './config-server.ts';

describe('a benchmark that is interrupted', () => {
  let couch: ConfigServer;

  beforeEach(async () => {
    couch = await startConfigServer();
  });

  afterEach(() => couch.close());

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`puts the settings of the server back after ${signal}, and ends with 130`, async () => {
      const { file, execArgv } = ownModule('./settings-process', import.meta.url);
      const child = fork(file, [couch.url], { execArgv: [...execArgv], stdio: 'ignore' });
      const exited = once(child, 'exit');
      await once(child, 'message');
      const during = couch.settings.size;
      child.kill(signal);
      const [code] = await exited;
      expect([during, couch.settings.size, code]).to.deep.equal([2, 0, 130]);
    });
  }
});
