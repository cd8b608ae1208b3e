import { html } from 'ghtml';
import { pageLayout } from '../pages/page-layout.ts';
import type { PageTexts } from '../pages/page-texts.ts';
import {
  type FormField,
  LEAST_CHARACTERS,
  MOST_CHARACTERS,
  MOST_HINT_CHARACTERS,
} from './passphrase-form.ts';

/** Where the form is sent, as a stack has it (`docs/cozy-data.md` §6.5). */
export const PASSPHRASE_PATH = '/settings/passphrase';

export interface ChoosePageParts {
  readonly language: string;
  readonly texts: PageTexts;
  readonly domain: string;
  /** What the browser derives the keys with: `passphraseSalt`. */
  readonly salt: string;
  /** PBKDF2 iterations that the browser is to do. */
  readonly iterations: number;
  /** The register token, in hex. */
  readonly token: string;
  /** What was wrong with what was sent before, and in which field. */
  readonly problem?: { readonly text: string; readonly field: FormField } | undefined;
  readonly hint?: string | undefined;
}

/**
 * The page on which the owner of an instance chooses a passphrase. The script hashes it, where the browser lets it, and
 * only then may the form be sent: its button works from the beginning only for browsers without scripts. Where the script
 * does not come, the style shows after some seconds that it is missing. The token is in a field of the form and nowhere
 * else.
 */
export function choosePage(parts: ChoosePageParts): string {
  const { language, texts, domain, salt, iterations, token, problem, hint = '' } = parts;
  const { choose } = texts;
  const refused = problem?.field ?? 'password';
  const complaint = html`<p id="problem" class="wrong" role="alert">${problem?.text ?? ''}</p>`;
  /** Attributes of a field, and what it is described by. */
  const state = (field: FormField, rule: string): string =>
    problem?.field === field
      ? html`aria-describedby="problem ${rule}" aria-invalid="true" autofocus`
      : html`aria-describedby="${rule}"`;
  const main = html`<p>${choose.intro}</p>
<form id="choose" method="post" action="${PASSPHRASE_PATH}" novalidate
 data-salt="${salt}" data-iterations="${iterations}" data-least="${LEAST_CHARACTERS}"
 data-working="${choose.working}" data-too-short="${choose.tooShort}" data-weak="${choose.weak}"
 data-fair="${choose.fair}" data-good="${choose.good}" data-empty="${choose.empty}" data-short="${choose.short}"
 data-hint-is-password="${choose.hintIsPassword}" data-failed="${choose.failed}">
<p id="insecure" class="insecure" hidden>${choose.insecure}</p>
<input type="hidden" name="register_token" value="${token}">
<input type="hidden" name="iterations" value="0">
<input type="hidden" name="key" value="">
<input type="hidden" name="public_key" value="">
<input type="hidden" name="private_key" value="">
<p class="note">${choose.domain}</p>
<p class="own">${domain}</p>
<input type="text" autocomplete="username" value="${domain}" readonly hidden>
<div class="field">
<label for="typed">${choose.password}</label>
<div class="row">
<input type="password" id="typed" name="passphrase" autocomplete="new-password" autocapitalize="off"
 spellcheck="false" required maxlength="${MOST_CHARACTERS}" !${state('password', 'rule')}>
<button type="button" id="show" aria-pressed="false" aria-controls="typed" hidden>${choose.show}</button>
</div>
!${refused === 'password' ? complaint : ''}
<p id="rule" class="note">${choose.rule}</p>
<p id="strength" class="strength" hidden><span class="bar"></span><span id="level" aria-live="polite"></span></p>
</div>
<div class="field">
<label for="hint">${choose.hint}</label>
<input type="text" id="hint" name="hint" maxlength="${MOST_HINT_CHARACTERS}" value="${hint}" !${state('hint', 'hint-rule')}>
!${refused === 'hint' ? complaint : ''}
<p id="hint-rule" class="note">${choose.hintRule}</p>
</div>
<noscript><button type="submit">${choose.submit}</button></noscript>
<button type="submit" id="save" disabled hidden>${choose.submit}</button>
<p id="working" class="working" role="status"><span class="unfinished">${choose.unfinished} <a href="">${choose.reload}</a></span></p>
</form>`;
  return pageLayout({ language, title: choose.title, main, script: 'choose-passphrase.js' });
}
