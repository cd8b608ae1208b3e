import { expect } from 'chai';
import { expandTemplate } from '../../src/config/expand-template.ts';
import { unsetMark } from '../../src/config/unset-variables.ts';
import { inputErrorOf } from './input-error.ts';

describe('expandTemplate', () => {
  const expand = (source: string) => expandTemplate(source, 'cozy.yaml', { env: { WHO: 'zoé' }, cpus: 4 });

  it('puts in a variable, with and without spaces', () => {
    expect(expand('a: {{ .Env.WHO }}, {{.Env.WHO}}').text).to.equal('a: zoé, zoé');
  });

  it('puts in a mark for a variable that is not set, and tells which', () => {
    expect(expand('a: x{{.Env.GONE}}y')).to.deep.equal({
      text: `a: x${unsetMark('GONE')}y`,
      unset: ['GONE'],
    });
  });

  it('does not look into what it put in', () => {
    const values = { env: { A: '$& {{ .Env.B }}', B: 'secret' }, cpus: 1 };
    expect(expandTemplate('{{ .Env.A }}', 'f', values).text).to.equal('$& {{ .Env.B }}');
  });

  it('knows the number of processors, alone and multiplied', () => {
    expect(expand('a: {{.NumCPU}}\nb: {{mul .NumCPU 4}}').text).to.equal('a: 4\nb: 16');
  });

  it('takes the quoted text of the header of the example file', () => {
    expect(expand('# delimited by "{{" and "}}".').text).to.equal('# delimited by " and ".');
  });

  it('refuses any other action, with its line', () => {
    const error = inputErrorOf(() => expand('a: 1\n\nb: {{ default "x" .Env.WHO }}'));
    expect(error.place).to.deep.equal({ file: 'cozy.yaml', line: 3 });
  });

  it('refuses an action that is not closed', () => {
    expect(inputErrorOf(() => expand('a: {{ .Env.WHO }\nb: 2')).place.line).to.equal(1);
  });

  it('leaves an unknown action in a comment line alone', () => {
    expect(expand('  # a: {{ printf "x" }}').text).to.equal('  # a: {{ printf "x" }}');
  });

  it('refuses control flow even in a comment line, where the stack obeys it', () => {
    expect(inputErrorOf(() => expand('# {{ if .Env.WHO }}')).place.line).to.equal(1);
  });
});
