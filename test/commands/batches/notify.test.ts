import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { type NoticeReceiver, startNoticeReceiver } from '../../support/notice-receiver.ts';
import { submit } from '../../support/submit.ts';
import { until } from '../../support/until.ts';

describe('--notify', () => {
  let platform: CliPlatform;
  let receiver: NoticeReceiver;

  before(async () => {
    platform = await startPlatform();
    receiver = await startNoticeReceiver();
    await platform.startWorker();
  });

  after(async () => {
    await receiver.close();
    await platform.close();
  });

  it('has a worker send a notice of the end, which the printed key proves', async () => {
    const lines = ['domain', 'n1.example.org', 'n2.example.org'];
    const { batch } = await submit(platform, 'n.csv', lines, '--notify', `${receiver.url}/hook`);
    await until('the notice came', () => receiver.received.length > 0);
    const [notice] = receiver.received;
    const { path, headers, body } = notice ?? { path: '', headers: undefined, body: '' };
    expect(path).to.equal('/hook');
    const message = JSON.parse(body);
    expect(message).to.include({ id: `${batch}-1`, type: 'batch.ended' });
    expect(message.batch.counts).to.include({ done: 2 });
    const { stdout } = await platform.run('batches', 'notify-key');
    const [, time, digest] = /^t=(\d+),v1=(\w+)$/.exec(`${headers?.['x-cozy-fleet-signature']}`) ?? [];
    const expected = createHmac('sha256', stdout.trim()).update(`${time}.${body}`).digest('hex');
    expect(digest).to.equal(expected);
  });

  for (const address of ['http://robot:s3cret@example.org/', 'ftp://127.0.0.1/', 'not a url s3cret']) {
    it(`refuses ${address} without repeating it`, async () => {
      const file = await platform.write('r.csv', ['domain', 'r.example.org']);
      const { exitCode, stderr } = await platform.run(
        ...['instances', 'add', '--from', file, '--notify', address],
      );
      expect(exitCode).to.equal(2);
      expect(stderr).to.include('Error: --notify: must be an https:// URL').and.not.include('s3cret');
      expect(stderr).not.to.include('Parsing');
    });
  }
});
