import { rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { scryptText } from '../../../src/instances/vault/passphrase.ts';
import { openOperatorCheck } from '../../../src/web/auth/open-operator-check.ts';
import type { OperatorCheck } from '../../../src/web/operator-check.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const SESAME = 'open sesame';
const HERE = '192.0.2.1';

describe('the check of the operator', () => {
  let directory: TemporaryDirectory;
  let path: string;
  let text: string;
  let check: OperatorCheck;

  before(async () => {
    text = await scryptText(SESAME);
  });

  beforeEach(async () => {
    directory = await temporaryDirectory('operator');
    path = join(directory.path, 'cozy-admin-passphrase');
    await writeFile(path, `${text}\n`);
    check = openOperatorCheck(path);
  });

  afterEach(() => directory.remove());

  /** As an editor or a command that is careful writes it: nobody finds half of it. */
  async function write(content: string): Promise<void> {
    await writeFile(`${path}.new`, content);
    await rename(`${path}.new`, path);
  }

  const wrongOnes = (count: number, address: string) =>
    Promise.all(Array.from({ length: count }, (_, at) => check.verify(`wrong ${at}`, address)));

  it('tells the right passphrase from a wrong one', async () => {
    expect(await check.verify(SESAME, HERE)).to.equal('right');
    expect(await check.verify('open barley', HERE)).to.equal('wrong');
    expect(await check.verify('', HERE)).to.equal('wrong');
  });

  it('remembers the right one, so that it costs nothing from then on', async () => {
    await check.verify(SESAME, HERE);
    const { user } = process.cpuUsage();
    for (let at = 0; at < 200; at += 1) expect(await check.verify(SESAME, HERE)).to.equal('right');
    // One verification takes 90,000 microseconds.
    expect(process.cpuUsage().user - user).to.be.below(400_000);
  });

  it('lets everybody in who brings the right one at the same time, however many', async () => {
    const verdicts = await Promise.all(Array.from({ length: 200 }, () => check.verify(SESAME, HERE)));
    expect(new Set(verdicts)).to.deep.equal(new Set(['right']));
  });

  it('looks at no more than ten wrong ones of a client in a minute', async () => {
    const verdicts = await wrongOnes(14, HERE);
    expect(verdicts.filter((each) => each === 'wrong')).to.have.length(10);
    expect(verdicts.filter((each) => each === 'limited')).to.have.length(4);
    expect(await check.verify(SESAME, HERE)).to.equal('limited');
  });

  it('never limits the right one once it is known', async () => {
    await check.verify(SESAME, HERE);
    await wrongOnes(14, HERE);
    expect(await check.verify(SESAME, HERE)).to.equal('right');
  });

  it('counts a client for itself', async () => {
    await wrongOnes(12, HERE);
    expect(await check.verify('wrong', '192.0.2.2')).to.equal('wrong');
  });

  it('counts a /64 of IPv6 as one client, and an address in either form as the same', async () => {
    await wrongOnes(12, '2001:db8:1:2::1');
    expect(await check.verify('wrong', '2001:db8:1:2:3:4:5:6')).to.equal('limited');
    expect(await check.verify('wrong', '2001:db8:1:3::1')).to.equal('wrong');
    await wrongOnes(12, '::ffff:192.0.2.7');
    expect(await check.verify('wrong', '192.0.2.7')).to.equal('limited');
  });

  it('takes the passphrase that the file has now', async () => {
    await check.verify(SESAME, HERE);
    await write(await scryptText('another'));
    expect(await check.verify(SESAME, HERE)).to.equal('wrong');
    expect(await check.verify('another', HERE)).to.equal('right');
  });

  it('notices a change that keeps size and time of the file', async () => {
    const time = new Date('2024-01-01T00:00:00Z');
    await utimes(path, time, time);
    await check.verify(SESAME, HERE);
    await write(`${await scryptText('another')}\n`);
    await utimes(path, time, time);
    expect(await check.verify(SESAME, HERE)).to.equal('wrong');
  });

  for (const [what, content] of [
    ['is empty', ''],
    ['holds something else', 'open sesame\n'],
    ['has an empty key, to which anything would be equal', `scrypt$32768$8$1$${'ab'.repeat(16)}$`],
    ['asks for all memory', `scrypt$67108864$8$1$${'ab'.repeat(16)}$${'cd'.repeat(32)}`],
    ['asks for hours', `scrypt$32768$8$999$${'ab'.repeat(16)}$${'cd'.repeat(32)}`],
    ['has a cost that is no power of two', `scrypt$30000$8$1$${'ab'.repeat(16)}$${'cd'.repeat(32)}`],
    ['is huge', 'scrypt$'.repeat(1_000_000)],
  ] as const) {
    it(`lets nobody in while the file ${what}`, async () => {
      await check.verify(SESAME, HERE);
      await write(content);
      expect(await thrownBy(check.verify(SESAME, HERE))).to.include({ code: 'bad_admin_passphrase' });
      await write(text);
      expect(await check.verify(SESAME, HERE)).to.equal('right');
    });
  }

  it('lets nobody in while the file is gone', async () => {
    await check.verify(SESAME, HERE);
    await rename(path, `${path}.gone`);
    expect(await thrownBy(check.verify(SESAME, HERE))).to.include({ code: 'bad_admin_passphrase' });
  });

  it('derives the same key for the same purpose, until the passphrase is set anew', async () => {
    const key = await check.deriveKey('sessions');
    expect(key).to.have.length(32);
    expect(await openOperatorCheck(path).deriveKey('sessions')).to.deep.equal(key);
    expect(await check.deriveKey('tokens')).not.to.deep.equal(key);
    await write(await scryptText(SESAME));
    expect(await check.deriveKey('sessions')).not.to.deep.equal(key);
  });
});
