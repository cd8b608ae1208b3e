import { expect } from 'chai';
import { parseConfigFile } from '../../src/config/parse-config-file.ts';
import { inputErrorOf } from './input-error.ts';

describe('parseConfigFile', () => {
  const parse = (text: string) => parseConfigFile(text, 'cozy.yaml');

  it('lower-cases keys at all depths, in lists too, and drops keys without value', () => {
    const { tree } = parse('FS:\n  URL: X\nredis:\n  addrs:\nList:\n  - Name: Y');
    expect(tree).to.deep.equal({ fs: { url: 'X' }, redis: {}, list: [{ name: 'Y' }] });
  });

  it('reads JSON indented with tabs', () => {
    expect(parse('{\n\t"fs": {\n\t\t"url": "/a"\n\t}\n}\n').tree).to.deep.equal({ fs: { url: '/a' } });
  });

  it('takes an empty file for one without keys', () => {
    expect(parse('# nothing\n').tree).to.deep.equal({});
  });

  it('merges what an anchor names', () => {
    expect(parse('a: &x\n  k: 1\nb:\n  <<: *x').tree['b']).to.deep.equal({ k: 1 });
  });

  it('knows the line of a key whatever its case, and of an entry in a list', () => {
    const { lineOf } = parse('a: 1\nCouchDB:\n  clusters:\n    - url: x\n    - url: y\n');
    expect(lineOf(['couchdb', 'clusters', 1, 'url'])).to.equal(5);
    expect(lineOf(['couchdb', 'clusters', 1])).to.equal(5);
    expect(lineOf(['couchdb', 'url'])).to.equal(undefined);
  });

  it('names the line of a mistake without quoting it', () => {
    const error = inputErrorOf(() => parse('a: 1\nb: "s3cret" s3cret\n'));
    expect(error.place).to.deep.equal({ file: 'cozy.yaml', line: 2 });
    expect(error.message).not.to.contain('s3cret');
  });

  it('refuses an alias without anchor without quoting it', () => {
    const error = inputErrorOf(() => parse('password: *s3cret'));
    expect(`${error.message}${error.advice}`).not.to.contain('s3cret');
  });

  it('refuses a file that is no map', () => {
    expect(inputErrorOf(() => parse('- a\n- b')).message).to.contain('map');
  });
});
