import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

describe('the program', () => {
  it('begins with modules that are built from sources which are there', () => {
    const text = readFileSync('bin/run.js', 'utf8');
    const modules = [...text.matchAll(/'\.\.\/dist\/([^']+)\.js'/g)].map(([, module = '']) => module);
    expect(modules).not.to.deep.equal([]);
    for (const module of modules) expect(existsSync(`src/${module}.ts`), module).to.equal(true);
  });
});
