import { expect } from 'chai';
import { parseConfigFile } from '../../../src/config/parse-config-file.ts';
import { configFlags } from '../../../src/operations/features/config-flags.ts';

/** As a stack 1.6.58 answered with this configuration. */
const YAML = `
contexts:
  default:
    features: {cfg_default: 1, Both: cfg}
  beta:
    features:
      - plain_Flag
      - Mapped: {Deep: 1}
      - 42
      - 1.5
      - {a: 1, b: 2}
      - true
  nullflag:
    features: {covered: null, x: 1, list: [1, null], deep: {q: null}}
  empty:
    help_link: x
  items:
    features: [12345678901, null, 1e21, 0.000001]
`;

const CONTEXTS: Readonly<Record<string, object | undefined>> = {
  default: { cfg_default: 1, both: 'cfg' },
  other: { cfg_default: 1, both: 'cfg' },
  '': { cfg_default: 1, both: 'cfg' },
  toString: { cfg_default: 1, both: 'cfg' },
  beta: { plain_Flag: true, mapped: { deep: 1 }, 42: true, 1.5: true, 'map[a:1 b:2]': true, true: true },
  nullflag: { covered: null, x: 1, list: [1, null], deep: { q: null } },
  empty: undefined,
  items: { 12345678901: true, '<nil>': true, '1e+21': true, '1e-06': true },
};

describe('the flags of the configuration', () => {
  const { contexts } = parseConfigFile(YAML, 'cozy.yaml').tree;

  for (const [context, flags] of Object.entries(CONTEXTS)) {
    it(`for the context ${JSON.stringify(context)} are those of a stack`, () => {
      const known = contexts as Parameters<typeof configFlags>[0];
      expect(configFlags(known, context)).to.deep.equal(flags);
    });
  }

  it('are none where nothing is configured', () => {
    expect(configFlags({}, 'beta')).to.equal(undefined);
    expect(configFlags({ beta: { features: 'x' } }, 'beta')).to.equal(undefined);
  });
});
