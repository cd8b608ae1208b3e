import { expect } from 'chai';
import { matchesGlob } from '../../../src/instances/domains/domain-pattern.ts';

describe('matchesGlob', () => {
  const like = (pattern: string, ...names: string[]) => names.filter((name) => matchesGlob(pattern, name));

  it('takes all characters but * and ? as they are', () => {
    expect(like('a.example.org', 'a.example.org', 'aXexample.org', 'b.a.example.org')).to.deep.equal([
      'a.example.org',
    ]);
    expect(like('[ab]+.org', 'a.org', '[ab]+.org')).to.deep.equal(['[ab]+.org']);
  });

  it('lets * stand for any characters, or none', () => {
    const names = ['.school.org', 'zoe.school.org', 'a.b.school.org', 'school.org', 'zoe.school.org:8080'];
    expect(like('*.school.org', ...names)).to.deep.equal(names.slice(0, 3));
    expect(like('*', '', ...names)).to.have.length(6);
    expect(like('*b*b*.org', 'ab.org', 'abab.org', 'bb.orgs')).to.deep.equal(['abab.org']);
  });

  it('lets ? stand for exactly one character', () => {
    expect(like('zoe?.org', 'zoe.org', 'zoe1.org', 'zoe12.org', 'zoe🦊.org')).to.deep.equal([
      'zoe1.org',
      'zoe🦊.org',
    ]);
  });

  it('knows no case', () => {
    expect(like('*.SCHOOL.org', 'zoe.school.org')).to.have.length(1);
    expect(like('É*', 'éléonore.example.org')).to.have.length(1);
  });

  it('takes a label in Punycode for the name that is stored', () => {
    expect(like('xn--zo-cja.example.org', 'zoé.example.org')).to.have.length(1);
    expect(like('*.xn--cole-9oa.fr', 'zoé.école.fr', 'zoé.ecole.fr')).to.deep.equal(['zoé.école.fr']);
    expect(like('xn--*.org', 'zoé.org')).to.deep.equal([]);
    expect(like('xn--999999999.org', 'zoé.org')).to.deep.equal([]);
  });

  it('is quick with a pattern of many stars', () => {
    expect(matchesGlob('*a'.repeat(60), `${'a'.repeat(250)}b`)).to.equal(false);
  });
});
