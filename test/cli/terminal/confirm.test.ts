import { PassThrough, Readable, Writable } from 'node:stream';
import { expect } from 'chai';
import { confirm } from '../../../src/cli/terminal/confirm.ts';
import { InputError } from '../../../src/errors.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('a question', () => {
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answered = (stdin: NodeJS.ReadableStream) => confirm(['Sure? '], 'yes', { stdin, stdout });

  /** A terminal at which that is typed before its end. */
  function terminal(typed: string): NodeJS.ReadableStream {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    stdin.end(typed);
    return stdin;
  }

  it('may be answered by what is piped in', async () => {
    await answered(Readable.from(['YES\n']));
  });

  it('cannot be asked where there is neither a terminal nor an answer', async () => {
    const error = await thrownBy(answered(Readable.from([])));
    expect(error).to.be.instanceOf(InputError).with.property('code', 'no_terminal');
    expect(error).to.have.property('advice', 'Scripts need --force.');
  });

  for (const [what, typed] of [
    ['says something else', 'no\n'],
    ['ends the input', ''],
  ] as const) {
    it(`is not answered by who ${what} at a terminal`, async () => {
      expect(await thrownBy(answered(terminal(typed)))).to.have.property('code', 'aborted');
    });
  }
});
