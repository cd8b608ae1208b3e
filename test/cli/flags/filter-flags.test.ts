import { Parser } from '@oclif/core';
import { expect } from 'chai';
import { filterFlags, filterOf } from '../../../src/cli/flags/filter-flags.ts';
import { InputError } from '../../../src/errors.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('filter flags', () => {
  const filter = async (...argv: string[]) =>
    filterOf((await Parser.parse(argv, { flags: filterFlags })).flags);

  it('make an empty filter when none is given', async () => {
    expect(await filter()).to.deep.equal({});
  });

  it('take states with commas and by repetition', async () => {
    const { states } = await filter('--state', 'blocked,deleting', '--state', 'pending');
    expect(states).to.deep.equal(['blocked', 'deleting', 'pending']);
  });

  it('become a filter', async () => {
    expect(await filter('--context', 'beta', '--locale=fr', '--domain', '*.org')).to.deep.equal({
      context: 'beta',
      locale: 'fr',
      domain: '*.org',
    });
  });

  it('refuse a state that is none', async () => {
    const error = await thrownBy(filter('--state', 'blocked,gone'));
    expect(error).to.be.an('error').with.property('message').that.contains('gone');
  });

  it('refuse an empty value, which a shell variable may leave', async () => {
    const error = await thrownBy(filter('--context', ''));
    expect(error)
      .to.be.instanceOf(InputError)
      .and.to.deep.include({
        code: 'bad_filter',
        message: 'must not be empty',
        place: { column: '--context' },
      });
  });

  it('refuse a pattern that is longer than any domain', async () => {
    const error = await thrownBy(filter('--domain', '*a'.repeat(200)));
    expect(error).to.deep.include({
      message: 'must not have more than 255 characters',
      place: { column: '--domain' },
    });
  });
});
