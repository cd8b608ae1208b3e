/** Chart.js, which pages load as a file of its own. */
declare const Chart: typeof import('chart.js').Chart | undefined;
