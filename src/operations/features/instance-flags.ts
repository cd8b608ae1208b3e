import type { InstanceDocument } from '../../instances/documents/instance-document.ts';
import type { FlagsMap } from '../../instances/options/feature-flags.ts';
import { configFlags } from './config-flags.ts';
import { ratioValue } from './ratio-value.ts';

/**
 * Where flags come from, the first that has one wins (`docs/cozy-data.md` §2.4). Between the first two a stack asks the
 * manager for the feature sets of the instance, which only a stack can.
 */
export const FLAG_SOURCES = ['instance', 'config', 'context', 'defaults'] as const;

export type FlagSource = (typeof FLAG_SOURCES)[number];

/** What a stack calls these sources. */
const IDS: Readonly<Record<FlagSource, string>> = {
  instance: 'io.cozy.settings.flags.instance',
  config: 'io.cozy.settings.flags.config',
  context: 'io.cozy.settings.flags.context',
  defaults: 'io.cozy.settings.flags.default',
};

/** What flags come from that are no instance's own. */
export interface SharedFlags {
  /** `contexts` of the configuration. */
  readonly contexts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The document of a context: lists of ratios and values by the names of flags; undefined where there is none. */
  ofContext(context: string): FlagsMap | undefined;
  readonly defaults: FlagsMap;
}

/** One flag of an instance. */
export interface GivenFlag {
  readonly name: string;
  readonly value: unknown;
  readonly source: FlagSource;
}

/** All flags of one source. */
export interface FlagsOfSource {
  readonly source: FlagSource;
  /** As the stack calls it. */
  readonly id: string;
  readonly flags: FlagsMap;
}

/** What an instance gets. */
export interface InstanceFlags {
  /** In the order of their sources. */
  readonly given: readonly GivenFlag[];
  /** Those that have any flag, first the one that wins. */
  readonly sources: readonly FlagsOfSource[];
  /** What the manager is asked for: where there are any, its answer covers all but the instance's own flags. */
  readonly sets: readonly string[];
}

/** The flags that an instance gets, and where each comes from, as far as no manager has its say. */
export function instanceFlags(instance: InstanceDocument, shared: SharedFlags): InstanceFlags {
  const { _id: id, context, feature_flags: own = {}, feature_sets: sets = [] } = instance;
  const sources: FlagsOfSource[] = [];
  const given = new Map<string, GivenFlag>();
  const add = (source: FlagSource, flags: FlagsMap, shareOf: (name: string, value: unknown) => unknown) => {
    if (Object.keys(flags).length === 0) return;
    sources.push({ source, id: IDS[source], flags });
    for (const [name, stored] of Object.entries(flags)) {
      const value = given.has(name) ? undefined : shareOf(name, stored);
      if (value !== undefined) given.set(name, { name, value, source });
    }
  };
  const asStored = (_: string, value: unknown) => value;
  add('instance', own, asStored);
  add('config', configFlags(shared.contexts, context) ?? {}, asStored);
  add('context', shared.ofContext(context ?? '') ?? {}, (name, items) => ratioValue(id, name, items));
  add('defaults', shared.defaults, asStored);
  return { given: [...given.values()], sources, sets };
}
