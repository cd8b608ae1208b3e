import { html } from 'ghtml';
import type { RowState } from '../../../jobs/batches/row-state.ts';
import { count } from '../../../quantity-text.ts';
import { oneLine } from '../../../safe-text.ts';
import { instancePath } from '../../fleet-api/paths.ts';

// Pieces that several pages are made of. `assets/fleet.js` finds by their `data-` attributes what it is to keep up to date:
// `data-live` names a value of what the events bring, and `data-as` how it is written.

/** What others wrote, such as a name: it can neither break out nor turn what stands around it. */
export function quoted(text: string): string {
  return html`<bdi>${oneLine(text)}</bdi>`;
}

/** A link to what is known of an instance. */
export function instanceLink(domain: string): string {
  return html`<a href="${instancePath(domain)}">!${quoted(domain)}</a>`;
}

/** @param iso ISO 8601; an empty text for a time that did not come yet */
export function timeText(iso: string): string {
  return iso === '' ? '' : `${iso.slice(0, 10)} ${iso.slice(11, 19)}\u{a0}UTC`;
}

export function timeOf(iso: string): string {
  return html`<time datetime="${iso}">${timeText(iso)}</time>`;
}

/** A state in a box whose colour goes with it. @param live what the events call it */
export function badge(state: string, live?: string): string {
  const follows = live === undefined ? '' : html`data-live="${live}" data-as="state"`;
  return html`<span class="badge" data-state="${state}" !${follows}>${state}</span>`;
}

/** A number that follows. */
export function liveCount(live: string, value: number): string {
  return html`<span data-live="${live}" data-as="count" !${value === 0 ? 'data-zero' : ''}>${count(value)}</span>`;
}

/** A number that stays, and that is faint where there is none of what it counts. */
export function fixedCount(value: number): string {
  return html`<span !${value === 0 ? 'data-zero' : ''}>${count(value)}</span>`;
}

/** How many of something there are, with its name below. */
export interface Tile {
  readonly name: string;
  /** HTML. */
  readonly value: string;
  /** Colours the tile once there is something to look at. */
  readonly tone?: 'bad' | 'good' | 'busy';
  /** What has to hold for it to be shown: the name of a value that follows, and whether it holds now. */
  readonly when?: readonly [live: string, now: boolean];
}

export function tiles(list: readonly Tile[]): string {
  const each = list.map(({ name, value, tone = '', when }) => {
    const shown = when === undefined ? '' : shownIf(...when);
    return html`<div class="tile" data-tone="${tone}" !${shown}><dt>${name}</dt><dd>!${value}</dd></div>`;
  });
  return html`<dl class="tiles">!${each.join('')}</dl>`;
}

/** For an element that is there only while something holds. @param live what the events call that */
export function shownIf(live: string, now: boolean): string {
  return html`data-if="${live}" !${now ? '' : 'hidden'}`;
}

/** States in the order in which a bar shows them: what has ended well, what has not, what is on its way. */
const BAR_ORDER: readonly RowState[] = [
  'done',
  'skipped',
  'incomplete',
  'failed',
  'cancelled',
  'active',
  'retrying',
];

/** Width of a bar in its own units. */
const BAR_WIDTH = 1_000;

/** How far rows are, as a bar of all that is known of them. */
export function bar(counts: Readonly<Record<RowState, number>>, total: number): string {
  let x = 0;
  const parts = BAR_ORDER.map((state) => {
    const width = (counts[state] / Math.max(total, 1)) * BAR_WIDTH;
    const part = html`<rect class="${state}" data-state="${state}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="10"/>`;
    x += width;
    return part;
  });
  return html`<svg class="bar" data-bar viewBox="0 0 ${BAR_WIDTH} 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">!${parts.join('')}</svg>`;
}

/** What is read above a column; numbers stand to the right. */
export type Head = string | { readonly number: string };

/**
 * A table that scrolls by itself where there is no room, by keyboard, too. On a narrow screen the cells of a row stand below
 * each other where they have a `data-label`, which is then shown before them.
 * @param caption read out, and not shown
 */
export function table(caption: string, heads: readonly Head[], body: string, attributes = ''): string {
  const cells = heads.map((head) =>
    typeof head === 'string'
      ? html`<th scope="col">${head}</th>`
      : html`<th scope="col" class="number">${head.number}</th>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
<table><caption class="visually-hidden">${caption}</caption>
<thead><tr>!${cells.join('')}</tr></thead>
<tbody !${attributes}>!${body}</tbody>
</table></div>`;
}

/** Names and what they stand for; what is empty is left out. @param value HTML */
export function facts(list: readonly (readonly [name: string, value: string])[]): string {
  const known = list
    .filter(([, value]) => value !== '')
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>!${value}</dd></div>`);
  return html`<dl class="facts">!${known.join('')}</dl>`;
}

/** How many instances, as people say it. */
export function instances(rows: number): string {
  return `${count(rows)} ${rows === 1 ? 'instance' : 'instances'}`;
}
