import { expect } from 'chai';
import { BATCH_EXIT_CODES, EXIT, JOB_EXIT_CODES } from '../../src/cli/exit-codes.ts';

describe('the exit codes in the help of a command', () => {
  const codesIn = (text: string) => (text.match(/\d+/g) ?? []).map(Number);

  it('that follows a job are all there are', () => {
    expect(codesIn(JOB_EXIT_CODES)).to.deep.equal(Object.values(EXIT));
  });

  it('that follows a batch are all there are', () => {
    expect(codesIn(BATCH_EXIT_CODES)).to.deep.equal(Object.values(EXIT));
  });
});
