import type { Round } from '../rounds/run-rounds.ts';
import type { Settings } from '../rounds/settings.ts';
import { SIDES, type Side } from '../rounds/side.ts';
import { type Machine, machineText } from './machine.ts';
import { clockRatio, costRatio, cpuOf, type Measure, type Summary } from './summary.ts';
import { figure, textTable } from './text-table.ts';

export interface ServerFacts {
  /** Whether it is a CouchDB, and not the embedded server. */
  readonly real: boolean;
  readonly version: string;
  /** Shards of the databases that were made; undefined where it does not tell. */
  readonly q: number | undefined;
}

export function headerText(
  settings: Settings,
  { real, version, q }: ServerFacts,
  machine: Machine,
  sides: readonly Side[],
): string {
  const { rounds, instances, concurrency, connections, settle, warmUp, ken } = settings;
  const server = real
    ? `CouchDB ${version}${q === undefined ? '' : `, q=${q}`}, ken ${ken === 'off' ? 'off for the run' : 'as it is set'}`
    : `embedded CouchDB (${version}); say nothing of a real one by it: set COUCHDB_URL`;
  const described = sides.map(({ name, described: words }) => `  ${name.padEnd(9)} ${words}`);
  return `Instances by the least raw requests, and by others, in turns

  server    ${server}
  machine   ${machineText(machine)}
  each side ${instances} instances a round, ${concurrency} at a time, ${connections} connections; ${rounds} rounds, warmed up with ${warmUp}
${described.join('\n')}
  between   CouchDB gets time until it is idle, ${settle / 1000} s at least; indexes are built before a destruction; another
            side begins in each round
  figures   milliseconds an instance by the clock, and of processors: of all processes of that side together
`;
}

/** A round in a line. */
export function roundText(round: Round): string {
  const sides = SIDES.flatMap((name) => {
    const figures = round.sides[name];
    if (figures === undefined) return [];
    const ratios =
      name === 'raw' || round.operation === 'fill'
        ? ''
        : ` (${figure(clockRatio(round, name), 2)} of raw's throughput, ${figure(costRatio(round, name, cpuOf), 2)} of its CPU)`;
    const cost = `${figure(figures.ms).padStart(6)} ms, CPU ${figure(cpuOf(figures)).padStart(6)}`;
    return [`${name} ${cost}${ratios}`];
  });
  return `  ${round.operation.padEnd(7)} ${String(round.number).padStart(2)}   ${sides.join('   ')}   ${round.first} first`;
}

/** The table: medians of all rounds, with the quartiles. */
export function summaryText(summaries: readonly Summary[]): string {
  const operations = [...new Set(summaries.map(({ operation }) => operation))];
  return operations
    .map((operation) => tableOf(summaries.filter((summary) => summary.operation === operation)))
    .join('\n\n');
}

function tableOf(sides: readonly Summary[]): string {
  // In the order of whoever has most of them.
  const fullest = [...sides].sort((a, b) => b.measures.length - a.measures.length);
  const labels = [...new Set(fullest.flatMap(({ measures }) => measures.map(labelOf)))];
  const rows = labels.map((label) => [
    label,
    ...sides.map(({ measures }) => {
      const found = measures.find((measure) => labelOf(measure) === label);
      return found === undefined ? '-' : cellOf(found);
    }),
  ]);
  const head = [`${sides[0]?.operation}: median (quartiles)`, ...sides.map(({ side }) => side)];
  const stages = sides.flatMap(({ side, stages: times }) => {
    const texts = Object.entries(times).map(([name, ms]) => `${name} ${ms.toFixed(0)}`);
    return texts.length === 0 ? [] : [`ms of a job of ${side}: ${texts.join(', ')} stages`];
  });
  return [textTable([head, ...rows]), ...stages].join('\n');
}

function labelOf({ name, unit }: Measure): string {
  return unit === 'requests' ? name : `${name}, ${unit}`;
}

function cellOf({ value, unit }: Measure): string {
  if (value === undefined) return 'not known';
  const digits = unit === 'times raw' || unit === 'times stack' ? 2 : 1;
  const { lower, median, upper } = value;
  return `${median.toFixed(digits)} (${lower.toFixed(digits)}-${upper.toFixed(digits)})`;
}
