import { html } from 'ghtml';
import { oneLine } from '../../../safe-text.ts';
import { FLEET_ASSETS } from './fleet-assets.ts';

/** The pages that each page leads to, by the path that they are at. */
const PLACES = [
  { path: '/fleet', name: 'Overview' },
  { path: '/fleet/batches/new', name: 'Submit a file' },
  { path: '/fleet/workers', name: 'Workers' },
  { path: '/fleet/queue', name: 'Queue' },
  { path: '/fleet/usage', name: 'Usage' },
  { path: '/fleet/doctor', name: 'Doctor' },
] as const;

export type Place = (typeof PLACES)[number]['path'];

/** What a page is, but for the frame around it. */
export interface PageContent {
  /** Of the window and of its heading. */
  readonly title: string;
  /** Which of the places it is. */
  readonly place?: Place;
  /** HTML below the heading. */
  readonly main: string;
  /** HTML beside the heading, such as a state. */
  readonly beside?: string;
  /** Where its events come from, for a page that follows what it shows. */
  readonly events?: string;
  /** Whether it draws charts. */
  readonly hasCharts?: boolean;
}

/** Who looks at the page. */
export interface Viewer {
  /** Token for forms; undefined for a program, which needs none, and for who is not signed in. */
  readonly csrf: string | undefined;
  readonly isSignedIn: boolean;
}

/** A field that tells a form of ours from another site's. */
export function csrfField(csrf: string | undefined): string {
  return csrf === undefined ? '' : html`<input type="hidden" name="_csrf" value="${csrf}">`;
}

/** A whole page. */
export function pageShell(content: PageContent, viewer: Viewer): string {
  const { main, beside = '', events, hasCharts = false } = content;
  const title = oneLine(content.title);
  const live = events === undefined ? '' : html`data-events="${events}"`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · cozy-fleet</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${FLEET_ASSETS}fleet.css">
!${hasCharts ? html`<script defer src="${FLEET_ASSETS}chart.umd.min.js"></script>` : ''}
!${viewer.isSignedIn ? html`<script defer src="${FLEET_ASSETS}fleet.js"></script>` : ''}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<div class="frame">
<a class="brand" href="/fleet">cozy<span>-fleet</span></a>
!${viewer.isSignedIn ? navigation(content, viewer) : ''}
</div>
</header>
<main id="main" class="frame" tabindex="-1" !${live}>
<div class="heading"><h1><bdi>${title}</bdi></h1>!${beside}</div>
!${events === undefined ? '' : liveStatus()}
!${main}
</main>
</body>
</html>
`;
}

function navigation({ place }: PageContent, { csrf }: Viewer): string {
  const links = PLACES.map(({ path, name }) => {
    const current = path === place ? html`aria-current="page"` : '';
    return html`<li><a href="${path}" !${current}>${name}</a></li>`;
  });
  const signOut =
    csrf === undefined
      ? ''
      : html`<form method="post" action="/fleet/sign-out">!${csrfField(csrf)}<button class="quiet">Sign out</button></form>`;
  return html`<nav class="places" aria-label="Fleet"><ul>!${links.join('')}</ul></nav>!${signOut}`;
}

/** Says that the page follows, and tells screen readers now and then how far things are. */
function liveStatus(): string {
  return html`<p class="live" id="live" hidden><span class="dot"></span> <span id="live-text">Live</span></p>
<p class="visually-hidden" aria-live="polite" id="summary"></p>
<noscript><p class="note">Without JavaScript this page does not follow by itself. <a href="">Look again</a></p></noscript>`;
}

/** Begins as a sentence does, and ends as one; a command at its begin stays as it is typed. */
export function sentence(text: string): string {
  const line = oneLine(text);
  const begun = line.startsWith('cozy-fleet ') ? line : line.charAt(0).toUpperCase() + line.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
