import * as echarts from 'echarts';
import { PROCESSES } from '../cpu/cpu-clock.ts';
import type { Round } from '../rounds/run-rounds.ts';
import { type Summary, summarize } from './summary.ts';

const SIZE = { width: 900, height: 480 };

/** A chart of all rounds as SVG: bars are the processor time of an instance by process, points what each round took. */
export function chartOf(rounds: readonly Round[], title: string): string {
  const summaries = summarize(rounds);
  const categories = summaries.map(({ operation, side }) => `${operation}: ${side}`);
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      title: { text: title, left: 'center', textStyle: { fontSize: 14 } },
      legend: { bottom: 8 },
      grid: { left: 60, right: 20, top: 48, bottom: 72 },
      xAxis: { type: 'category', data: categories },
      yAxis: { type: 'value', name: 'ms an instance' },
      series: [
        ...PROCESSES.filter((process) => summaries.some((summary) => cpu(summary, process) > 0)).map(
          (process) => ({
            type: 'bar' as const,
            name: `CPU ${process}`,
            stack: 'cpu',
            barMaxWidth: 60,
            data: summaries.map((summary) => cpu(summary, process)),
          }),
        ),
        {
          type: 'scatter' as const,
          name: 'by the clock, each round',
          symbolSize: 7,
          itemStyle: { color: '#222222', opacity: 0.6 },
          data: summaries.flatMap(({ operation, side }, at) =>
            rounds
              .filter((round) => round.operation === operation)
              .flatMap(({ sides }) => (sides[side] === undefined ? [] : [[at, sides[side].ms]])),
          ),
        },
      ],
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** 0 where it is not known: there is nothing to be drawn. */
function cpu({ measures }: Summary, process: string): number {
  return measures.find(({ name }) => name === `CPU ${process}`)?.value?.median ?? 0;
}
