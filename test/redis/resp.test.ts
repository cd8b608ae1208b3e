import { expect } from 'chai';
import { commandText, readReply } from '../../src/redis/resp.ts';

describe('the words of a Redis', () => {
  const read = (text: string) => readReply(Buffer.from(text));
  const replyOf = (text: string) => read(text)?.value;

  it('are counted in bytes when a command is written', () => {
    expect(commandText(['SET', 'é', 12])).to.equal('*3\r\n$3\r\nSET\r\n$2\r\né\r\n$2\r\n12\r\n');
  });

  it('are texts, numbers, nothing, and lists of them', () => {
    expect(replyOf('+OK\r\n')).to.equal('OK');
    expect(replyOf(':-12\r\n')).to.equal(-12);
    expect(replyOf('$4\r\né\r\n\r\n')).to.equal('é\r\n');
    expect(replyOf('$-1\r\n')).to.equal(null);
    expect(replyOf('*-1\r\n')).to.equal(null);
    expect(replyOf('*3\r\n$4\r\nwait\r\n:7\r\n*1\r\n$0\r\n\r\n')).to.deep.equal(['wait', 7, ['']]);
  });

  it('are an error where it refuses', () => {
    expect(replyOf('-NOSCRIPT No matching script.\r\n'))
      .to.be.instanceOf(Error)
      .with.property('message', 'NOSCRIPT No matching script.');
  });

  it('wait for what has not arrived, wherever they were cut', () => {
    const whole = '*3\r\n$4\r\né\r\n\r\n:7\r\n*1\r\n+a\r\n';
    const bytes = Buffer.from(whole);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readReply(bytes.subarray(0, length)), `${length} bytes`).to.equal(undefined);
    }
    expect(readReply(Buffer.concat([bytes, bytes]))).to.deep.equal({
      value: ['é\r\n', 7, ['a']],
      next: bytes.length,
    });
  });

  it('are not those of another server', () => {
    for (const text of ['HTTP/1.1 400 Bad Request\r\n', ':x\r\n', '$\r\n', '*1e9\r\n', '\r\n']) {
      expect(() => read(text), JSON.stringify(text)).to.throw('not in the words of a Redis');
    }
  });
});
