import { expect } from 'chai';
import type { FlagsMap } from '../../../src/instances/options/feature-flags.ts';
import {
  FLAG_SOURCES,
  type FlagSource,
  instanceFlags,
} from '../../../src/operations/features/instance-flags.ts';

const VALUES = [true, false, 0, 1.5, '', 'text', [], [1, null], {}, { list: ['a'] }, null];

/** What an instance of the context `beta` gets where each source has these flags. */
function given(flags: Partial<Record<FlagSource, FlagsMap>>, instance: object = {}) {
  const { instance: own, config, context, defaults = {} } = flags;
  const document = {
    _id: 'id',
    domain: 'a.example.org',
    locale: 'en',
    password_defined: false,
    context: 'beta',
    ...(own && { feature_flags: { ...own } }),
    ...instance,
  };
  return instanceFlags(document, {
    contexts: config === undefined ? {} : { beta: { features: config } },
    defaults,
    ofContext: (name) => (name === 'beta' ? context : undefined),
  });
}

/** The flag `x` as the source has it. */
const having = (source: FlagSource, value: unknown): Partial<Record<FlagSource, FlagsMap>> => ({
  [source]: { x: source === 'context' ? [{ ratio: 1, value }] : value },
});

describe('the flags of an instance', () => {
  for (const [at, upper] of FLAG_SOURCES.entries()) {
    for (const lower of FLAG_SOURCES.slice(at + 1)) {
      for (const value of VALUES) {
        // A null of the context alone says nothing (`applyRatio` in `model/feature/flag.go`).
        const wins = upper === 'context' && value === null ? lower : upper;
        it(`come from ${wins}: ${JSON.stringify(value)} of ${upper} above ${lower}`, () => {
          const { given: flags } = given({ ...having(lower, 'low'), ...having(upper, value) });
          expect(flags).to.deep.equal([{ name: 'x', value: wins === upper ? value : 'low', source: wins }]);
        });
      }
    }
  }

  it('are those of all sources together, first the one that wins', () => {
    const { given: flags, sources } = given({
      defaults: { d: 1, c: 0 },
      context: { c: [{ ratio: 1, value: 2 }], none: [] },
      config: { f: 3 },
      instance: { i: 4 },
    });
    expect(flags.map(({ name, value, source }) => [name, value, source])).to.deep.equal([
      ['i', 4, 'instance'],
      ['f', 3, 'config'],
      ['c', 2, 'context'],
      ['d', 1, 'defaults'],
    ]);
    expect(sources.map(({ id }) => id)).to.deep.equal([
      'io.cozy.settings.flags.instance',
      'io.cozy.settings.flags.config',
      'io.cozy.settings.flags.context',
      'io.cozy.settings.flags.default',
    ]);
  });

  it('are none of another context', () => {
    const { given: flags } = given({ context: { x: [{ ratio: 1, value: 1 }] } }, { context: 'gamma' });
    expect(flags).to.deep.equal([]);
  });

  it('tell the feature sets that a manager would be asked for', () => {
    expect(given({}, { feature_sets: ['a'] }).sets).to.deep.equal(['a']);
  });
});
