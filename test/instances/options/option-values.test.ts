import { expect } from 'chai';
import { parseGoBool } from '../../../src/instances/options/option-values.ts';

describe('parseGoBool', () => {
  it('knows the ways to write true', () => {
    for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True'])
      expect(parseGoBool(text), text).to.equal(true);
  });

  it('knows the ways to write false', () => {
    for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False'])
      expect(parseGoBool(text), text).to.equal(false);
  });

  it('knows no other', () => {
    for (const text of ['', 'yes', 'no', 'tRUE', ' true', '01'])
      expect(parseGoBool(text), text).to.equal(undefined);
  });
});
