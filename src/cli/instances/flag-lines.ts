import { canonicalJson } from '../../canonical-json.ts';
import type { FlagsMap } from '../../instances/options/feature-flags.ts';
import type { FleetFlags } from '../../operations/features/count-flags.ts';
import type { InstanceFlags } from '../../operations/features/instance-flags.ts';
import { rowsText } from '../terminal/table.ts';

/** A flag a line, as the stack prints them, sorted by name. */
export function flagLines(flags: FlagsMap): string[] {
  return Object.keys(flags)
    .sort()
    .map((name) => `- ${name}: ${canonicalJson(flags[name])}`);
}

/** What an instance gets, as the stack prints it; with the sources, and why one of their flags does not count. */
export function instanceFlagLines({ given, sources }: InstanceFlags, withSources: boolean): string[] {
  const bySource = new Map(given.map(({ name, source }) => [name, source]));
  const why = (name: string, source: string): string => {
    const winner = bySource.get(name);
    if (winner === source) return '';
    // A source below may win where this one, with its ratios, gives nothing to this instance.
    const isAbove =
      sources.findIndex((each) => each.source === winner) <
      sources.findIndex((each) => each.source === source);
    return winner !== undefined && isAbove ? ` (covered by ${winner})` : ' (not for this instance)';
  };
  const lines = flagLines(Object.fromEntries(given.map(({ name, value }) => [name, value])));
  if (!withSources || sources.length === 0) return lines;
  return [
    ...lines,
    '',
    'Sources:',
    ...sources.flatMap(({ source, id, flags }) => [
      `- ${id}`,
      ...Object.keys(flags)
        .sort()
        .map((name) => `\t- ${name}: ${canonicalJson(flags[name])}${why(name, source)}`),
    ]),
  ];
}

/** The flags of a fleet: a table for a person, values with tabs between them for a program. */
export function fleetFlagLines({ flags }: FleetFlags, live: boolean): string[] {
  const rows = flags.map(({ name, value, source, instances }) => [
    name,
    canonicalJson(value),
    source,
    String(instances),
  ]);
  return rowsText(['FLAG', 'VALUE', 'SOURCE', 'INSTANCES'], rows, live);
}
