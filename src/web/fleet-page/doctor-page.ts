import type { FastifyInstance } from 'fastify';
import { html } from 'ghtml';
import type { Diagnosis } from '../../operations/doctor/diagnose.ts';
import { type Finding, SUBJECT_NAMES, SUBJECTS } from '../../operations/doctor/finding.ts';
import { PAGE } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import { badge, fixedCount, quoted, table, tiles } from './shell/elements.ts';
import { csrfField, type PageContent, sentence } from './shell/page-shell.ts';
import { csrfOf, sendPage } from './shell/send-page.ts';

const PATH = '/fleet/doctor';

const PAGES = { constraints: { prefers: PAGE } };

/** Everything a fleet needs, looked at when somebody asks. */
export async function doctorPage(app: FastifyInstance, { diagnose }: WebContext): Promise<void> {
  app.get(PATH, PAGES, async (request, reply) => {
    return await sendPage(request, reply, pageOf(undefined, csrfOf(request, reply)));
  });

  app.post(PATH, PAGES, async (request, reply) => {
    return await sendPage(request, reply, pageOf(await diagnose(), csrfOf(request, reply)));
  });
}

function pageOf(diagnosis: Diagnosis | undefined, csrf: string | undefined): PageContent {
  const main = html`<form class="card narrow" method="post" action="${PATH}">
!${csrfField(csrf)}
<p>The configuration, Redis, CouchDB, the storage, workers, registries and clocks are asked side by side, from where this server runs. It takes 15 seconds at the most, and changes nothing.</p>
<div class="actions"><button class="primary">${diagnosis === undefined ? 'Look at everything' : 'Look again'}</button></div>
</form>
!${diagnosis === undefined ? '' : found(diagnosis)}`;
  return { title: 'Doctor', place: PATH, main };
}

function found({ checks, fails, warnings }: Diagnosis): string {
  const sections = SUBJECTS.map((subject) => {
    const findings = checks.filter((each) => each.subject === subject);
    if (findings.length === 0) return '';
    return html`<section class="card" aria-labelledby="of-${subject}"><h2 id="of-${subject}">${SUBJECT_NAMES[subject]}</h2>
!${table(SUBJECT_NAMES[subject], ['Verdict', 'What was found', 'What to do'], findings.map(line).join(''))}
</section>`;
  });
  return html`!${tiles([
    { name: 'to be put right', value: fixedCount(fails), tone: 'bad' },
    { name: 'warnings', value: fixedCount(warnings) },
    { name: 'well', value: fixedCount(checks.length - fails - warnings), tone: 'good' },
  ])}
!${sections.join('')}`;
}

function line({ verdict, text, advice = '' }: Finding): string {
  return html`<tr><td data-label="">!${badge(verdict)}</td><td class="why" data-label="Found"><bdi>${sentence(text)}</bdi></td><td class="why" data-label="Do">!${quoted(advice)}</td></tr>`;
}
