import { PROCESSES, type ProcessName, together } from '../cpu/cpu-clock.ts';
import type { Figures } from '../rounds/measure.ts';
import type { Round } from '../rounds/run-rounds.ts';
import { OPERATIONS, type Operation, SIDES, type SideName } from '../rounds/side.ts';
import { type Quartiles, quartiles } from './statistics.ts';

/** What is told of each side: over its rounds, an instance. */
export interface Summary {
  readonly operation: Operation;
  readonly side: SideName;
  readonly measures: readonly Measure[];
  /** Mean milliseconds of each stage of a job, the median of the rounds; empty where there are none. */
  readonly stages: Readonly<Record<string, number>>;
}

export interface Measure {
  readonly name: string;
  readonly unit: 'ms' | 'requests' | 'times raw' | 'times stack';
  /** Undefined where it was not known in every round. */
  readonly value: Quartiles | undefined;
}

/** Processor time of all that works for a side. */
export function cpuOf({ cpu }: Figures): number | null {
  return together(cpu);
}

/** The same until the server was idle again. */
export function cpuUntilIdle({ cpu, serverUntilIdle }: Figures): number | null {
  return together({ ...cpu, server: serverUntilIdle });
}

/** Throughput of a side against that of another one in the same round, the raw requests unless told; null without them. */
export function clockRatio({ sides }: Round, side: SideName, by: SideName = 'raw'): number | null {
  const { [by]: other, [side]: own } = sides;
  return other === undefined || own === undefined ? null : other.ms / own.ms;
}

/** What of a side's costs against what of the raw requests' in the same round. */
export function costRatio(
  { sides }: Round,
  side: SideName,
  costOf: (figures: Figures) => number | null,
): number | null {
  const raw = sides.raw === undefined ? null : costOf(sides.raw);
  const own = sides[side] === undefined ? null : costOf(sides[side]);
  return raw === null || own === null || raw === 0 ? null : own / raw;
}

/** CPU of the worker against that of the raw client in the same round: both send the requests. */
function workerRatio({ sides }: Round, side: SideName): number | null {
  const worker = sides[side]?.cpu.worker ?? null;
  const client = sides.raw?.cpu.client ?? null;
  return worker === null || client === null || client === 0 ? null : worker / client;
}

/** @returns a summary for each operation and side that were measured, in a fixed order */
export function summarize(rounds: readonly Round[]): Summary[] {
  return OPERATIONS.flatMap((operation) => {
    const own = rounds.filter((round) => round.operation === operation);
    const sides = SIDES.filter((side) => own.some((round) => round.sides[side] !== undefined));
    return sides.map((side) => summaryOf(operation, side, own));
  });
}

function summaryOf(operation: Operation, side: SideName, rounds: readonly Round[]): Summary {
  const figures = rounds.flatMap(({ sides }) => sides[side] ?? []);
  const cpuOfProcess = (process: ProcessName): Measure =>
    measureOf(
      `CPU ${process}`,
      'ms',
      figures.map(({ cpu }) => cpu[process] ?? null),
    );
  const processes = PROCESSES.filter((process) => figures.some(({ cpu }) => process in cpu));
  /** Nothing that others do is to be compared with the filling of a pool. */
  const byOthers = (name: string, ratioOf: (round: Round) => number | null): Measure[] =>
    operation === 'fill' ? [] : [measureOf(name, 'times raw', rounds.map(ratioOf))];
  const byStack = rounds.map((round) => (side === 'stack' ? null : clockRatio(round, side, 'stack')));
  const byStackAlone = byStack.some((ratio) => ratio !== null)
    ? [measureOf('throughput', 'times stack', byStack)]
    : [];
  return {
    operation,
    side,
    measures: [
      measureOf(
        'by the clock',
        'ms',
        figures.map(({ ms }) => ms),
      ),
      ...byOthers('throughput', (round) => clockRatio(round, side)),
      ...byStackAlone,
      measureOf(
        'requests',
        'requests',
        figures.map(({ requests }) => requests),
      ),
      ...processes.map(cpuOfProcess),
      ...(processes.includes('worker')
        ? byOthers("CPU worker by raw's client", (round) => workerRatio(round, side))
        : []),
      measureOf('CPU together', 'ms', figures.map(cpuOf)),
      ...byOthers('CPU together', (round) => costRatio(round, side, cpuOf)),
      measureOf('CPU until idle', 'ms', figures.map(cpuUntilIdle)),
      ...byOthers('CPU until idle', (round) => costRatio(round, side, cpuUntilIdle)),
    ],
    stages: stagesOf(figures),
  };
}

function measureOf(name: string, unit: Measure['unit'], values: readonly (number | null)[]): Measure {
  const known = values.flatMap((value) => value ?? []);
  return { name, unit, value: known.length === values.length ? quartiles(known) : undefined };
}

function stagesOf(figures: readonly Figures[]): Record<string, number> {
  const names = Object.keys(figures[0]?.stages ?? {});
  return Object.fromEntries(
    names.map((name) => [name, quartiles(figures.map(({ stages }) => stages[name] ?? 0))?.median ?? 0]),
  );
}
