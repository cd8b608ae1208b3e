import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { Output } from '../../../src/cli/terminal/output.ts';
import { readNewPassphrase, readPassphrase } from '../../../src/cli/terminal/passphrase-input.ts';
import { InputError } from '../../../src/errors.ts';
import { thrownBy } from '../../support/thrown-by.ts';

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

describe('a new passphrase', () => {
  const { title } = process;

  after(() => {
    process.title = title;
  });

  it('may be an argument, which others can see', async () => {
    const notes: string[] = [];
    const output: Output = { ...silent, note: (text) => void notes.push(text) };
    const given = { argument: 'open sesame', fromStdin: false };
    expect(await readNewPassphrase(given, Readable.from([]), output)).to.equal('open sesame');
    expect(notes.join()).to.contain('other users of this machine can see').and.not.contain('sesame');
  });

  it('is asked for where it is not given', async () => {
    const given = { argument: undefined, fromStdin: false };
    const error = await thrownBy(readNewPassphrase(given, Readable.from(['open sesame\n']), silent));
    expect(error).to.be.instanceOf(InputError).with.property('code', 'no_terminal');
  });

  it('cannot be empty', async () => {
    const given = { argument: '', fromStdin: false };
    const error = await thrownBy(readNewPassphrase(given, Readable.from([]), silent));
    expect(error).to.be.instanceOf(InputError).with.property('code', 'bad_passphrase');
  });

  it('is given once', async () => {
    const given = { argument: 'open sesame', fromStdin: true };
    const error = await thrownBy(readNewPassphrase(given, Readable.from(['other\n']), silent));
    expect(error).to.be.instanceOf(InputError).with.property('code', 'passphrase_twice');
    expect(String(error)).not.to.contain('sesame');
  });
});
