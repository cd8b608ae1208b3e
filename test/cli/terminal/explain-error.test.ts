import { expect } from 'chai';
import { explainError } from '../../../src/cli/terminal/explain-error.ts';
import { FleetError, InputError } from '../../../src/errors.ts';
import { InvalidOptions } from '../../../src/instances/options/parse-options.ts';

describe('an error', () => {
  it('is told with what to do next', () => {
    expect(explainError(new FleetError('busy', 'busy', 'Wait.'))).to.deep.equal({
      text: 'busy\nWait.',
      code: 'busy',
      exitCode: 1,
    });
  });

  it('in the input is told with its place, and has exit code 2', () => {
    const error = new InputError('bad_value', 'it is bad', { file: 'a.csv', line: 3, column: 'locale' });
    expect(explainError(error)).to.include({ text: 'a.csv:3:locale: it is bad', exitCode: 2 });
  });

  it('in options names each column once', () => {
    const error = new InvalidOptions([{ column: 'locale', message: 'bad' }]);
    expect(explainError(error).text).to.equal('locale: bad');
  });

  it('of an interruption has exit code 130', () => {
    expect(explainError(new FleetError('interrupted', 'Interrupted')).exitCode).to.equal(130);
  });

  it('of a lost Redis says so', () => {
    expect(explainError(new Error('Connection is closed.')).text).to.contain('Redis went away');
  });
});
