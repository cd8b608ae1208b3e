import { expect } from 'chai';
import { rowsText } from '../../../src/cli/terminal/table.ts';

const HEAD = ['DOMAIN', 'TRIES'];

describe('rows of a list', () => {
  it('are a table with a head for a person', () => {
    const [text = ''] = rowsText(
      HEAD,
      [
        ['a.example.org', '1'],
        ['éléonore.example.org', '2'],
      ],
      true,
    );
    expect(text.split('\n')).to.deep.equal([
      'DOMAIN                TRIES',
      'a.example.org         1',
      'éléonore.example.org  2',
    ]);
  });

  it('are lines with tabs for a program', () => {
    expect(rowsText(HEAD, [['a.example.org', '1']], false)).to.deep.equal(['a.example.org\t1']);
  });

  it('cannot steer the terminal', () => {
    expect(rowsText(HEAD, [['\u001b[2Ja\nb', '1']], false)).to.deep.equal([' [2Ja b\t1']);
  });

  it('are nothing when there are none', () => {
    expect(rowsText(HEAD, [], true)).to.deep.equal([]);
  });
});
