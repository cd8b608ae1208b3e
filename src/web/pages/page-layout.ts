import { html } from 'ghtml';
import { ASSETS_PATH } from '../http/assets.ts';

export interface PageParts {
  /** Of the texts, such as `fr`. */
  readonly language: string;
  /** Name of the tab, and the one heading. */
  readonly title: string;
  /** Made by `html`. */
  readonly main: string;
  /** Name of a file of `assets/`. */
  readonly script?: string;
}

/**
 * A whole page of an instance. It loads nothing but our own style and script, names itself to nobody, and is for no search
 * engine.
 */
export function pageLayout({ language, title, main, script }: PageParts): string {
  const loaded = script === undefined ? '' : html`<script src="${ASSETS_PATH}${script}" defer></script>`;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${ASSETS_PATH}pages.css">
!${loaded}
</head>
<body>
<main>
<h1>${title}</h1>
!${main}
</main>
</body>
</html>
`;
}
