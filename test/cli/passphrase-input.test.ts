import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { Output } from '../../src/cli/output.ts';
import { readPassphrase } from '../../src/cli/passphrase-input.ts';
import { InputError } from '../../src/errors.ts';
import { thrownBy } from '../support/thrown-by.ts';

const silent: Output = { line: () => undefined, note: () => undefined };

const fromStdin = (...chunks: string[]) =>
  readPassphrase({ 'passphrase-stdin': true }, Readable.from(chunks), silent);

describe('a passphrase', () => {
  it('is the first line of stdin, without its end', async () => {
    expect(await fromStdin('open ', 'sesame\r\nrest')).to.equal('open sesame');
  });

  it('needs no line break', async () => {
    expect(await fromStdin('open sesame')).to.equal('open sesame');
  });

  it('keeps blanks at its ends', async () => {
    expect(await fromStdin(' open sesame \n')).to.equal(' open sesame ');
  });

  it('must not be empty', async () => {
    expect(await thrownBy(fromStdin('\n'))).to.be.instanceOf(InputError);
  });

  it('is not read out of a whole file', async () => {
    const error = await thrownBy(fromStdin('x'.repeat(5000)));
    expect(error).to.be.instanceOf(InputError);
    expect(String(error)).not.to.contain('xxx');
  });

  it('cannot be asked for without a terminal', async () => {
    const error = await thrownBy(readPassphrase({ 'ask-passphrase': true }, Readable.from([]), silent));
    expect(error).to.be.instanceOf(InputError).with.property('code', 'no_terminal');
  });

  it('is none where none was given', async () => {
    expect(await readPassphrase({}, Readable.from([]), silent)).to.equal(undefined);
  });
});
