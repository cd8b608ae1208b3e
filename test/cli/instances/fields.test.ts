import { expect } from 'chai';
import { csvText, fieldValues } from '../../../src/cli/instances/fields.ts';
import { goText } from '../../../src/go-text.ts';

describe('a field of an instance', () => {
  const instance = {
    _id: '1',
    _rev: '1-a',
    domain: 'zoe.example.org',
    locale: 'fr',
    password_defined: false,
    blocked: true,
    cli_secret: 'c2VjcmV0',
  };

  it('is null where the instance has none, also for names that any object has', () => {
    const names = ['locale', 'blocked', 'uuid', 'cli_secret', 'constructor'];
    expect(fieldValues({ instance, measures: {}, problems: [] }, names)).to.deep.equal([
      'fr',
      true,
      null,
      null,
      null,
    ]);
  });

  it('may be one that is computed', () => {
    expect(fieldValues({ instance, measures: {}, problems: [] }, ['db_prefix', 'state'])).to.deep.equal([
      'zoe-example-org',
      'blocked',
    ]);
  });

  it('is printed as Go prints it', () => {
    expect(goText(null)).to.equal('<nil>');
    expect(goText(false)).to.equal('false');
    expect(goText(38)).to.equal('38');
    expect(goText(['a', 'b'])).to.equal('[a b]');
    expect(goText({ b: [1], a: null })).to.equal('map[a:<nil> b:[1]]');
  });

  it('is plain in CSV', () => {
    expect(csvText(null)).to.equal('');
    expect(csvText(['a', 'b'])).to.equal('a,b');
    expect(csvText({ a: true })).to.equal('{"a":true}');
  });
});
