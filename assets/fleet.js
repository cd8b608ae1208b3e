// Keeps a page of the fleet up to date by the server's events. Each page is whole without it. Elements say by their `data-`
// attributes which value of an event they show, and how it is written.

(() => {
  /** @typedef {Record<string, unknown>} Scope */

  /** Milliseconds between two looks at what only the server can draw, such as a list of rows. */
  const PART_MS = 3_000;
  /** Milliseconds between two sentences for screen readers. */
  const SUMMARY_MS = 15_000;
  /** Milliseconds until a stream that was closed for good is opened again. */
  const AGAIN_MS = 4_000;

  /** What turns the text around it, or is not seen; as the server leaves it out. */
  const STEERING =
    /(?:(?!\u200c|\u200d|[\ufe00-\ufe0f])[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb])+/gu;

  const BAR_WIDTH = 1_000;
  const ENDED = ['done', 'skipped', 'incomplete', 'failed', 'cancelled'];

  const found = document.querySelector('main');
  if (found === null) return;
  const main = found;
  const pageTitle = document.title;

  // What a value is

  /** @param {unknown} value @returns {value is Scope} */
  function isScope(value) {
    return typeof value === 'object' && value !== null;
  }

  /** @param {unknown} value @param {string} path */
  function valueAt(value, path) {
    return path
      .split('.')
      .reduce((/** @type {unknown} */ at, name) => (isScope(at) ? at[name] : undefined), value);
  }

  /** @param {unknown} value */
  function number(value) {
    return typeof value === 'number' && Number.isFinite(value) ? value : 0;
  }

  /** @param {unknown} value @returns {unknown[]} */
  function list(value) {
    return Array.isArray(value) ? value : [];
  }

  /** @param {unknown} counts @param {readonly string[]} states */
  function sum(counts, states) {
    return states.reduce((all, state) => all + number(valueAt(counts, state)), 0);
  }

  /** @param {unknown} value */
  function count(value) {
    return number(value).toLocaleString('en-US');
  }

  /** @param {number} seconds */
  function duration(seconds) {
    if (seconds < 90) return `${Math.round(seconds)} s`;
    const minutes = Math.round(seconds / 60);
    return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  /** @param {unknown} value ISO 8601, or milliseconds since 1970 */
  function time(value) {
    const date = new Date(typeof value === 'number' || typeof value === 'string' ? value : Number.NaN);
    if (Number.isNaN(date.getTime())) return '';
    return `${date.toISOString().slice(0, 10)} ${date.toISOString().slice(11, 19)}\u00a0UTC`;
  }

  /** @param {Scope} batch */
  function took({ createdAt, endedAt }) {
    const ms = Date.parse(String(endedAt)) - Date.parse(String(createdAt));
    return Number.isNaN(ms) ? '' : duration(ms / 1000);
  }

  /** A batch of which nothing failed was cancelled, and did not fail. @param {Scope} batch */
  function shownState({ state, counts }) {
    const isCancelled = sum(counts, ['failed', 'incomplete']) === 0 && sum(counts, ['cancelled']) > 0;
    if (!isCancelled) return state;
    if (state === 'failed') return 'cancelled';
    return state === 'partly failed' ? 'partly cancelled' : state;
  }

  /** What follows from a batch, beside what is told of it. @param {Scope} batch @returns {Scope} */
  function withBatchFigures(batch) {
    const { counts } = batch;
    const total = number(batch['total']);
    const ended = sum(counts, ENDED);
    const perSecond = number(batch['perSecond']);
    const queued = number(batch['queued']);
    const onTheWay = queued < total ? `; ${count(queued)} are queued so far` : '';
    return {
      ...batch,
      name: batch['name'] || batch['batch'],
      ended,
      missed: sum(counts, ['failed', 'incomplete', 'cancelled']),
      notDone: sum(counts, ['failed', 'incomplete']),
      left:
        perSecond > 0 && total > ended && batch['state'] !== 'held'
          ? duration((total - ended) / perSecond)
          : '–',
      sentence: `${count(ended)} of ${count(total)} instances ended${onTheWay}`,
      isRunning: batch['endedAt'] === undefined,
      canCancel: batch['endedAt'] === undefined && batch['halt'] === undefined,
      state: shownState(batch),
      took: took(batch),
    };
  }

  /** @param {Scope} fleet @returns {Scope} */
  function withFleetFigures(fleet) {
    const batches = list(fleet['batches']).filter(isScope).map(withBatchFigures);
    const workers = list(fleet['workers']);
    const waiting = number(valueAt(fleet, 'queue.jobs.waiting'));
    return {
      ...fleet,
      batches,
      isEmpty: batches.length === 0,
      noWorkers: workers.length === 0,
      isIdle: workers.length === 0 && waiting > 0,
    };
  }

  // How it is shown

  /** @param {Element} element @param {unknown} value */
  function show(element, value) {
    const as = element.getAttribute('data-as');
    let text =
      typeof value === 'string' || typeof value === 'number' ? String(value).replace(STEERING, ' ') : '';
    if (as === 'count') {
      text = count(value);
      element.toggleAttribute('data-zero', number(value) === 0);
    }
    if (as === 'rate') text = typeof value === 'number' ? `${value.toFixed(1)} /s` : '–';
    if (as === 'time') text = time(value);
    if (as === 'state') element.setAttribute('data-state', text);
    if (element.textContent !== text) element.textContent = text;
  }

  /** @param {Element} bar @param {Scope} batch */
  function drawBar(bar, { counts, total }) {
    let x = 0;
    for (const part of bar.querySelectorAll('rect')) {
      const rows = number(valueAt(counts, part.getAttribute('data-state') ?? ''));
      const width = (rows / Math.max(number(total), 1)) * BAR_WIDTH;
      part.setAttribute('x', x.toFixed(1));
      part.setAttribute('width', width.toFixed(1));
      x += width;
    }
  }

  /**
   * Writes the values of a scope into the elements below a root, but for those of lists within it.
   * @param {Element} root @param {Scope} scope
   */
  function fill(root, scope) {
    const own = root.closest('[data-list]');
    /** @param {string} selector */
    const each = (selector) =>
      [...root.querySelectorAll(selector)].filter((element) => element.closest('[data-list]') === own);
    for (const element of each('[data-live]')) {
      show(element, valueAt(scope, element.getAttribute('data-live') ?? ''));
    }
    for (const element of each('[data-href]')) {
      const path = element.getAttribute('data-href') ?? '';
      element.setAttribute(
        'href',
        path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(scope[name] ?? ''))),
      );
    }
    for (const element of each('[data-if]')) {
      element.toggleAttribute('hidden', !valueAt(scope, element.getAttribute('data-if') ?? ''));
    }
    for (const bar of each('[data-bar]')) drawBar(bar, scope);
    for (const element of each('[data-stage]')) {
      const stages = list(scope[element.getAttribute('data-of') ?? '']).filter(isScope);
      const stage = element.getAttribute('data-stage');
      show(element, count(stages.find((one) => one['stage'] === stage)?.['rows']));
    }
  }

  /** One row for each item, in their order; rows of items that are there already stay. @param {Element} body @param {Scope} scope */
  function fillList(body, scope) {
    const template = document.getElementById(body.getAttribute('data-template') ?? '');
    if (!(template instanceof HTMLTemplateElement)) return;
    const key = body.getAttribute('data-key') ?? '';
    const rows = new Map([...body.children].map((row) => [row.getAttribute('data-id'), row]));
    let place = body.firstElementChild;
    for (const item of list(valueAt(scope, body.getAttribute('data-list') ?? '')).filter(isScope)) {
      const id = String(item[key] ?? '');
      const row = rows.get(id) ?? template.content.firstElementChild?.cloneNode(true);
      if (!(row instanceof Element)) return;
      rows.delete(id);
      row.setAttribute('data-id', id);
      if (row === place) place = place.nextElementSibling;
      else body.insertBefore(row, place);
      fill(row, item);
    }
    for (const row of rows.values()) row.remove();
  }

  // Charts

  const dark = matchMedia('(prefers-color-scheme: dark)');
  const calm = matchMedia('(prefers-reduced-motion: reduce)');

  /** @typedef {{ labels: string[], values: number[] }} Series */
  /** @type {Map<Element, { draw(series: Series): void, recolour(): void }>} */
  const charts = new Map();

  /** @param {string} name */
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** @param {unknown} rate @param {boolean} isOver whether nothing more is to come @returns {Series} */
  function rateSeries(rate, isOver) {
    const from = Date.parse(String(valueAt(rate, 'from') ?? ''));
    const seconds = Math.max(number(valueAt(rate, 'seconds')), 1);
    const all = list(valueAt(rate, 'rows')).map(number);
    // A step that is not over yet would look like a fall.
    const isLastOver = isOver || Date.now() >= from + all.length * seconds * 1000;
    const rows = isLastOver || all.length < 2 ? all : all.slice(0, -1);
    return {
      labels: rows.map((_, step) => time(from + step * seconds * 1000).slice(11, 19)),
      values: rows.map((ended) => ended / seconds),
    };
  }

  /** @param {unknown} failures @returns {Series} */
  function failureSeries(failures) {
    const causes = list(failures).slice(0, 8);
    return {
      labels: causes.map((cause) => String(valueAt(cause, 'code') ?? '').replace(STEERING, ' ')),
      values: causes.map((cause) => number(valueAt(cause, 'rows'))),
    };
  }

  /** @param {Element} place @param {boolean} isRate */
  function makeChart(place, isRate) {
    const canvas = place.querySelector('canvas');
    if (canvas === null || typeof Chart === 'undefined') return;
    const data = {
      labels: [''],
      datasets: [
        { data: [0], fill: isRate, tension: 0, maxBarThickness: 28, pointRadius: 0, borderWidth: 2 },
      ],
    };
    const axis = () => ({
      ticks: { color: '', maxRotation: 0, autoSkipPadding: 16, precision: isRate ? 1 : 0 },
      grid: { color: '' },
      beginAtZero: true,
    });
    const options = {
      animation: /** @type {const} */ (false),
      maintainAspectRatio: false,
      indexAxis: /** @type {'x' | 'y'} */ (isRate ? 'x' : 'y'),
      plugins: { legend: { display: false }, tooltip: { displayColors: false } },
      scales: {
        x: { ...axis(), title: { display: true, text: isRate ? 'time, UTC' : 'instances', color: '' } },
        y: { ...axis(), title: { display: isRate, text: 'instances a second', color: '' } },
      },
    };
    const chart = new Chart(canvas, { type: isRate ? 'line' : 'bar', data, options });
    function recolour() {
      const tone = colour(isRate ? '--bar-active' : '--bar-failed');
      for (const dataset of chart.data.datasets) {
        dataset.borderColor = tone;
        dataset.backgroundColor = isRate ? `${tone}2e` : tone;
      }
      for (const scale of [options.scales.x, options.scales.y]) {
        scale.ticks.color = colour('--faint');
        scale.grid.color = colour('--line');
        scale.title.color = colour('--faint');
      }
      chart.update('none');
    }
    charts.set(place, {
      recolour,
      draw({ labels, values }) {
        chart.data.labels = labels;
        for (const dataset of chart.data.datasets) {
          dataset.data = values;
          // A line of one point is not seen.
          dataset.pointRadius = isRate && values.length === 1 ? 4 : 0;
        }
        chart.update(calm.matches ? 'none' : undefined);
      },
    });
    recolour();
  }

  /** @param {Element} place @param {unknown} data @param {boolean} isOver */
  function drawChart(place, data, isOver) {
    const isRate = place.getAttribute('data-chart') === 'rate';
    const series = isRate ? rateSeries(data, isOver) : failureSeries(data);
    const isEmpty = series.values.every((value) => value === 0);
    if (!isRate) place.toggleAttribute('hidden', isEmpty);
    // An empty chart keeps its place, so that nothing moves once there is something to draw.
    place.querySelector('canvas')?.toggleAttribute('hidden', isEmpty);
    place.querySelector('.empty')?.toggleAttribute('hidden', !isEmpty);
    if (isEmpty) return;
    if (!charts.has(place)) makeChart(place, isRate);
    charts.get(place)?.draw(series);
  }

  dark.addEventListener('change', () => {
    for (const chart of charts.values()) chart.recolour();
  });

  // Parts that the server draws

  /** What each part was drawn from. @type {Map<string, string>} */
  const drawnFrom = new Map();
  let partsAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let partsTimer;

  /** What a part shows, as one text. @param {string} part @param {Scope} scope */
  function sourceOf(part, scope) {
    if (part === 'rows' || part === 'idle') return JSON.stringify(scope['counts']);
    if (part === 'errors') return JSON.stringify([scope['failures'], scope['failedByStage']]);
    return JSON.stringify(valueAt(scope, part === 'rate' ? 'rate.rows' : part));
  }

  /** Whether somebody is reading it, so that it must not change below their hands. @param {Element} part */
  function isInUse(part) {
    return part.contains(document.activeElement) || (part instanceof HTMLDetailsElement && !part.open);
  }

  /** @param {Scope} scope */
  function lookAtParts(scope) {
    const stale = [...main.querySelectorAll('[data-part]')].filter((part) => {
      const name = part.getAttribute('data-part') ?? '';
      return drawnFrom.get(name) !== sourceOf(name, scope) && !isInUse(part);
    });
    if (stale.length === 0 || partsTimer !== undefined) return;
    const wait = Math.max(partsAt + PART_MS - performance.now(), 0);
    partsTimer = setTimeout(() => void redraw(scope), wait);
  }

  /** Takes the parts from the page as it is now. @param {Scope} scope */
  async function redraw(scope) {
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store' });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      for (const part of main.querySelectorAll('[data-part]')) {
        const name = part.getAttribute('data-part') ?? '';
        const fresh = page.querySelector(`[data-part="${CSS.escape(name)}"]`);
        if (fresh === null || isInUse(part)) continue;
        part.replaceChildren(...document.importNode(fresh, true).childNodes);
        drawnFrom.set(name, sourceOf(name, scope));
      }
    } catch {
      // The next event brings another try.
    } finally {
      partsAt = performance.now();
      partsTimer = undefined;
      if (latest !== undefined && latest !== scope) lookAtParts(latest);
    }
  }

  // Events

  /** What the last event told. @type {Scope | undefined} */
  let latest;
  const live = document.getElementById('live');
  const liveText = document.getElementById('live-text');
  const summary = document.getElementById('summary');
  let summaryAt = Number.NEGATIVE_INFINITY;

  /** @param {'on' | 'lost' | 'ended'} status @param {string} text */
  function say(status, text) {
    if (live === null || liveText === null) return;
    live.hidden = false;
    live.dataset['status'] = status;
    if (liveText.textContent !== text) liveText.textContent = text;
  }

  /** @param {string} text @param {boolean} [now] */
  function tell(text, now = false) {
    if (summary === null || (!now && performance.now() - summaryAt < SUMMARY_MS)) return;
    summaryAt = performance.now();
    summary.textContent = text;
  }

  /** @param {Scope} scope */
  function update(scope) {
    latest = scope;
    fill(main, scope);
    for (const body of main.querySelectorAll('tbody[data-list]')) fillList(body, scope);
    for (const place of main.querySelectorAll('[data-chart]')) {
      drawChart(place, scope[place.getAttribute('data-chart') ?? ''], scope['endedAt'] !== undefined);
    }
    lookAtParts(scope);
    const { sentence, total, ended } = scope;
    if (typeof sentence !== 'string') return;
    document.title = `${Math.floor((number(ended) / Math.max(number(total), 1)) * 100)} % · ${pageTitle}`;
    tell(`${sentence}, ${count(valueAt(scope, 'counts.failed'))} failed`);
  }

  /** @param {MessageEvent<string>} event @param {(told: Scope) => Scope} figures */
  function take(event, figures) {
    /** @type {unknown} */
    const told = JSON.parse(event.data);
    say('on', 'Live');
    if (isScope(told)) update(figures(told));
  }

  /** @param {string} address */
  function follow(address) {
    const source = new EventSource(address);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let again;
    source.addEventListener('open', () => say('on', 'Live'));
    source.addEventListener('batch', (event) => take(event, withBatchFigures));
    source.addEventListener('fleet', (event) => take(event, withFleetFigures));
    source.addEventListener('end', () => {
      source.close();
      say('ended', 'It has ended');
      if (latest !== undefined) {
        tell(
          `The batch has ended: ${String(latest['sentence'])}, ${count(valueAt(latest, 'counts.failed'))} failed`,
          true,
        );
        lookAtParts(latest);
      }
    });
    source.addEventListener('error', () => {
      say('lost', 'Connection lost, trying again …');
      tell('Connection lost, trying again', true);
      if (source.readyState !== EventSource.CLOSED || again !== undefined) return;
      again = setTimeout(() => void comeBack(address), AGAIN_MS);
    });
    addEventListener('pagehide', () => {
      clearTimeout(again);
      source.close();
    });
  }

  /** Whoever is not signed in any more is led to the form. @param {string} address */
  async function comeBack(address) {
    try {
      const answer = await fetch(location.href, {
        headers: { accept: 'text/html' },
        redirect: 'manual',
        cache: 'no-store',
      });
      if (answer.type === 'opaqueredirect') location.reload();
      else follow(address);
    } catch {
      setTimeout(() => void comeBack(address), AGAIN_MS);
    }
  }

  const { events } = main.dataset;
  for (const place of main.querySelectorAll('[data-chart]')) {
    drawChart(place, JSON.parse(place.getAttribute('data-first') ?? 'null'), events === undefined);
  }
  if (events !== undefined) {
    follow(events);
    addEventListener('pageshow', (event) => {
      if (event.persisted) follow(events);
    });
  }

  // A form is sent once.
  for (const form of document.forms) {
    form.addEventListener('submit', (event) => {
      const button = form.querySelector('button');
      if (button?.getAttribute('aria-busy') === 'true') event.preventDefault();
      button?.setAttribute('aria-busy', 'true');
    });
  }
  addEventListener('pageshow', () => {
    for (const button of document.querySelectorAll('button[aria-busy]')) button.removeAttribute('aria-busy');
  });
})();
