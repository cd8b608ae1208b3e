import { expect } from 'chai';
import { failureText, readFailureText } from '../../../src/jobs/queue/failure-text.ts';

describe('the text of a failure', () => {
  it('comes back as it was put together', () => {
    const reason = {
      code: 'taken',
      message: 'a.org: belongs to somebody',
      advice: 'Choose another.\nOr not.',
    };
    expect(readFailureText(failureText(reason))).to.deep.equal(reason);
  });

  it('has no line for an advice that is not given', () => {
    expect(failureText({ code: 'taken', message: 'gone', advice: '' })).to.equal('taken: gone');
  });

  it('keeps a message in one line, so that the advice stays apart', () => {
    const text = failureText({ code: 'x', message: 'one\ntwo', advice: 'three' });
    expect(readFailureText(text)).to.deep.equal({ code: 'x', message: 'one two', advice: 'three' });
  });

  it('is all message when it is not ours', () => {
    const text = 'job stalled more than allowable limit';
    expect(readFailureText(text)).to.deep.equal({ code: 'unknown', message: text, advice: '' });
  });
});
