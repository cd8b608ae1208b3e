import { html } from 'ghtml';
import { pageLayout } from './page-layout.ts';

/** Where a page leads to. */
export interface PageLink {
  /** Of our own making, or checked: it becomes an address of the page as it is. */
  readonly href: string;
  readonly label: string;
}

export interface MessageParts {
  readonly language: string;
  readonly title: string;
  /** Empty where the title says it all. */
  readonly text: string;
  /** Words of somebody else, in whatever language. */
  readonly quote?: string | undefined;
  readonly link?: PageLink | undefined;
}

/** A page that says one thing, and may lead to one place. */
export function messagePage({ language, title, text, quote, link }: MessageParts): string {
  const main = [
    text === '' ? '' : html`<p>${text}</p>`,
    quote === undefined ? '' : html`<blockquote dir="auto"><p>${quote}</p></blockquote>`,
    link === undefined ? '' : html`<p><a class="onward" href="${link.href}">${link.label}</a></p>`,
  ];
  return pageLayout({ language, title, main: main.filter((part) => part !== '').join('\n') });
}
