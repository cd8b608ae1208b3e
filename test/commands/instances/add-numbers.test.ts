import { expect } from 'chai';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { BesideStack } from '../../support/beside-stack.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';

const PASSPHRASE = 'correct horse battery staple';

describe('instances add, on a platform with a stack', () => {
  let platform: CliPlatform;
  let stack: BesideStack;

  beforeEach(async () => {
    platform = await startPlatform();
    stack = new BesideStack(platform.server);
  });

  afterEach(() => platform.close());

  /** With a passphrase, which the command seals, and a worker that starts. @returns its number */
  async function added(domain: string): Promise<number | undefined> {
    await platform.startWorker();
    const { exitCode, stderr } = await platform.run('instances', 'add', domain, '--passphrase', PASSPHRASE);
    expect(exitCode, stderr).to.equal(0);
    await platform.stopWorker();
    return (await findByNames(platform.server, [domain]))[0]?.indexes_version;
  }

  async function hasSign(): Promise<boolean> {
    return (await platform.server.getDocument(INSTANCES, '_design/by-orgid')) !== undefined;
  }

  it('writes 38 where that is what the stack writes, and leaves no sign of a newer one', async () => {
    await stack.start(38);
    expect([await added('a.org'), await added('b.org')]).to.deep.equal([38, 38]);
    expect(await hasSign()).to.equal(false);
  });

  it('writes 39 once the stack was upgraded', async () => {
    await stack.start(38);
    expect(await added('a.org')).to.equal(38);
    await stack.start(39);
    expect(await added('b.org')).to.equal(39);
    expect(await platform.run('instances', 'fsck', '--all')).to.include({ stdout: '', exitCode: 0 });
  });

  it('writes 39, and makes what a stack of it would, where none has been', async () => {
    expect(await added('a.org')).to.equal(39);
    expect(await hasSign()).to.equal(true);
  });
});
