import { html } from 'ghtml';
import type { FailureCount } from '../../../operations/batches/failure-counts.ts';
import type { RateHistory } from '../../../operations/batches/rate-history.ts';
import { count } from '../../../quantity-text.ts';
import { safeJson } from '../../../safe-text.ts';
import { table, timeText } from './elements.ts';

// A picture is drawn by `assets/fleet.js`; beside or below it is a table with the same numbers, for whoever does not see it.

/** How fast rows ended over time. @param none what is said where none did */
export function rateChart({ from, seconds, rows }: RateHistory, none: string): string {
  const begin = Date.parse(from);
  const lines = rows.map((ended, step) => {
    const at = new Date(begin + step * seconds * 1000).toISOString();
    return html`<tr><td>${timeText(at)}</td><td class="number">${count(ended)}</td></tr>`;
  });
  const data = safeJson(JSON.stringify({ from, seconds, rows }));
  return html`<section class="card" aria-labelledby="rate-title">
<h2 id="rate-title">Rate over time</h2>
<div class="chart" data-chart="rate" data-first="${data}"><canvas aria-hidden="true"></canvas><p class="empty" !${rows.some((ended) => ended > 0) ? 'hidden' : ''}>${none}</p></div>
<details data-part="rate"><summary>The rate as a table</summary>
!${table(`Instances that ended, every ${seconds} seconds`, ['From', { number: 'Ended' }], lines.join(''))}
</details>
</section>`;
}

/** Why rows failed, most frequent first. @param table HTML of the same, which is drawn anew when it is another one */
export function failureChart(failures: readonly FailureCount[], table: string): string {
  return html`<section class="card" aria-labelledby="failures-title">
<h2 id="failures-title">Failures by cause</h2>
<div class="chart causes" data-chart="failures" data-first="${safeJson(JSON.stringify(failures))}" !${failures.length === 0 ? 'hidden' : ''}><canvas aria-hidden="true"></canvas></div>
<div data-part="errors">!${table}</div>
</section>`;
}
