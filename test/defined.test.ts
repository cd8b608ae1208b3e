import { expect } from 'chai';
import { defined } from '../src/defined.ts';

describe('defined', () => {
  it('leaves out what is undefined, and nothing else', () => {
    const object = defined({ a: undefined, b: null, c: '', d: 0, e: false });
    expect(object).to.deep.equal({ b: null, c: '', d: 0, e: false });
    expect(object).not.to.have.property('a');
  });

  it('makes optional just what may be undefined', () => {
    const text: string | undefined = ['x'].at(0);
    const exact: { readonly sure: number; readonly text?: string } = defined({ sure: 1, text });
    expect(exact).to.deep.equal({ sure: 1, text: 'x' });
  });

  it('keeps a member of any name as its own', () => {
    expect(Object.keys(defined(JSON.parse('{"__proto__": 1}')))).to.deep.equal(['__proto__']);
  });
});
