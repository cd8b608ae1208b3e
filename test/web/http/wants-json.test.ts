import { expect } from 'chai';
import { wantsJson } from '../../../src/web/http/wants-json.ts';

describe('a client that wants JSON', () => {
  for (const accept of [
    'application/json',
    'application/vnd.api+json',
    'application/json, text/html;q=0.5',
  ]) {
    it(`says so by ${accept}`, () => {
      expect(wantsJson({ headers: { accept } })).to.equal(true);
    });
  }

  it('is not one that would rather have a page, or does not say', () => {
    for (const accept of ['text/html', 'text/html, application/json;q=0.9', '*/*', undefined]) {
      expect(wantsJson({ headers: { accept } }), String(accept)).to.equal(false);
    }
  });

  it('is one with a token, as the command of a stack, unless it names pages', () => {
    const authorization = 'Bearer eyJ';
    expect(wantsJson({ headers: { authorization } })).to.equal(true);
    expect(wantsJson({ headers: { authorization, accept: '*/*' } })).to.equal(true);
    expect(wantsJson({ headers: { authorization, accept: 'text/html' } })).to.equal(false);
    expect(wantsJson({ headers: { authorization: 'Basic Og==' } })).to.equal(false);
  });
});
