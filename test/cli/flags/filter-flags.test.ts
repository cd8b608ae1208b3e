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

  it('mean a moment by an age, by the calendar, or by a date', async () => {
    const now = new Date('2026-03-31T12:30:00Z');
    const since = (text: string) => filterOf({ 'idle-since': text }, now).idleSince;
    expect(since('1y')).to.equal('2025-03-31T12:30:00.000Z');
    expect(since('1mo')).to.equal('2026-02-28T12:30:00.000Z');
    expect(since('2w')).to.equal('2026-03-17T12:30:00.000Z');
    expect(since('90d')).to.equal('2025-12-31T12:30:00.000Z');
    expect(since('2025-01-31')).to.equal('2025-01-31T00:00:00.000Z');
    expect(since('2025-01-31T10:00:00+02:00')).to.equal('2025-01-31T08:00:00.000Z');
  });

  it('refuse what is no moment of the past', async () => {
    const now = new Date('2026-03-31T12:30:00Z');
    for (const text of [
      '',
      '0d',
      '6m',
      '1',
      'y',
      '-1y',
      '2025',
      '2025-02-30',
      '2026-04-01',
      'soon',
      '99999y',
    ]) {
      expect(() => filterOf({ 'idle-since': text }, now), text)
        .to.throw(InputError)
        .that.deep.includes({ code: 'bad_filter', place: { column: '--idle-since' } });
    }
  });

  it('take a percentage, and nothing that could be meant as another part', async () => {
    expect((await filter('--used-over', '90%')).usedOver).to.equal(90);
    expect((await filter('--used-over', '99.5 %')).usedOver).to.equal(99.5);
    for (const text of ['', '90', '0.9', '-1%', '5GB', '%']) {
      expect(await thrownBy(filter('--used-over', text)), text)
        .to.be.instanceOf(InputError)
        .and.to.deep.include({ code: 'bad_filter', place: { column: '--used-over' } });
    }
  });

  it('take conditions about applications and flags', async () => {
    const { apps, flags } = await filter(
      ...['--app', 'drive<1.60', '--app', 'notes'],
      ...[
        '--flag',
        'a=true',
        '--flag',
        'b',
        '--flag',
        'c=beta',
        '--flag',
        'd=1',
        '--flag',
        'e=null',
        '--flag',
        'f=',
      ],
    );
    expect(apps).to.deep.equal(['drive<1.60', 'notes']);
    expect(flags).to.deep.equal([
      { name: 'a', value: true },
      { name: 'b' },
      { name: 'c', value: 'beta' },
      { name: 'd', value: 1 },
      { name: 'e', value: null },
      { name: 'f', value: '' },
    ]);
    for (const argv of [
      ['--app', 'Drive'],
      ['--app', ''],
      ['--flag', ''],
      ['--flag', '=true'],
      ['--flag', 'a={}'],
    ]) {
      expect(await thrownBy(filter(...argv)), argv.join(' ')).to.have.property('code', 'bad_filter');
    }
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
