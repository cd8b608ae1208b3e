import * as z from 'zod';
import {
  areVaultKeys,
  type ChosenPassphrase,
  isHashedPassphrase,
} from '../../instances/vault/chosen-passphrase.ts';
import { LEAST_ITERATIONS, MOST_ITERATIONS } from '../../instances/vault/passphrase.ts';
import type { PageTexts } from '../pages/page-texts.ts';

/** Fewest characters of a passphrase that is typed on our page. */
export const LEAST_CHARACTERS = 8;
/** Most characters of a passphrase, and of a hint. */
export const MOST_CHARACTERS = 1_000;
export const MOST_HINT_CHARACTERS = 250;

/** What people fill in on our page. */
export type FormField = 'password' | 'hint';

/** What is wrong with a form, for programs in the words of a stack where it has some, and for people. */
export interface FormProblem {
  readonly status: 400 | 422;
  readonly title?: string;
  readonly detail: string;
  readonly parameter?: string;
  /** What the page says beside its form; absent where no browser with our page sends such a thing. */
  readonly text?: keyof PageTexts['choose'];
  /** Which of them it is about; absent = the password. */
  readonly field?: FormField;
}

/** Of a hint that is the passphrase, which only shows when the token was right. */
export const HINT_PROBLEM: FormProblem = {
  status: 400,
  detail: 'The hint is the passphrase itself',
  text: 'hintIsPassword',
  field: 'hint',
};

export type FormReading =
  | {
      readonly readable: true;
      readonly token: string;
      readonly passphrase: ChosenPassphrase;
      readonly hint: string;
    }
  | { readonly readable: false; readonly token: string; readonly problem: FormProblem };

/** The first of repeated parameters; numbers as programs send them. */
const field = z
  .union([
    z.string(),
    z.number().transform(String),
    z.array(z.string()).transform(([first]) => first ?? ''),
    z.null(),
  ])
  .optional()
  .transform((value) => value ?? '');

const fields = z.object({
  register_token: field,
  passphrase: field,
  iterations: field,
  key: field,
  public_key: field,
  private_key: field,
  hint: field,
});

type Fields = z.infer<typeof fields>;

const WHOLE = /^-?\d{1,10}$/;

/**
 * Reads what a browser's form or a program has posted (`docs/cozy-data.md` §6.5), in the order in which a stack complains.
 *
 * @param body parsed, from anybody
 * @param isPage whether the one who posts sees pages: then a passphrase in clear text must have been typed on ours
 */
export function readPassphraseForm(body: unknown, isPage: boolean): FormReading {
  const { data } = fields.safeParse(body);
  if (data === undefined) return refused('', { status: 400, detail: 'The form is not readable' });
  const problem = problemOf(data, isPage);
  const token = data.register_token;
  if (problem !== undefined) return refused(token, problem);
  return { readable: true, token, passphrase: chosenBy(data), hint: data.hint.trim() };
}

function refused(token: string, problem: FormProblem): FormReading {
  return { readable: false, token, problem };
}

function problemOf(form: Fields, isPage: boolean): FormProblem | undefined {
  const { register_token: token, passphrase, hint } = form;
  const ofIterations = iterationsProblem(form.iterations);
  if (ofIterations !== undefined) return ofIterations;
  if (passphrase === '') return { status: 400, detail: 'Missing new passphrase', text: 'empty' };
  if (token === '') return { status: 400, detail: 'Empty register token' };
  if (hint.length > MOST_HINT_CHARACTERS) {
    return { status: 400, detail: 'The hint is too long', text: 'hintTooLong', field: 'hint' };
  }
  if (isHashed(form)) return keysProblem(form);
  if (passphrase.length > MOST_CHARACTERS) {
    return { status: 400, detail: 'The passphrase is too long', text: 'long' };
  }
  if (isPage && [...passphrase].length < LEAST_CHARACTERS) {
    return { status: 400, detail: 'The passphrase is too short', text: 'short' };
  }
  return undefined;
}

function iterationsProblem(text: string): FormProblem | undefined {
  if (text !== '' && !WHOLE.test(text)) return { status: 400, detail: 'The KdfIterations are not a number' };
  const iterations = Number(text);
  const outside = { status: 422, title: 'Invalid Parameter', parameter: 'KdfIterations' } as const;
  if (iterations !== 0 && iterations < LEAST_ITERATIONS) {
    return { ...outside, detail: 'The KdfIterations number is too low' };
  }
  if (iterations > MOST_ITERATIONS) return { ...outside, detail: 'The KdfIterations number is too high' };
  return undefined;
}

/** Without iterations or without a key it is clear text, as for a stack. */
function isHashed({ iterations, key }: Fields): boolean {
  return Number(iterations) !== 0 && key !== '';
}

function keysProblem(form: Fields): FormProblem | undefined {
  if (!isHashedPassphrase(form.passphrase)) return { status: 400, detail: 'Invalid passphrase' };
  if (!areVaultKeys(keysOf(form))) return { status: 400, detail: 'The keys are not those of a vault' };
  return undefined;
}

function chosenBy(form: Fields): ChosenPassphrase {
  if (!isHashed(form)) return { form: 'clear', passphrase: form.passphrase };
  return {
    form: 'hashed',
    hashed: form.passphrase,
    iterations: Number(form.iterations),
    keys: keysOf(form),
  };
}

function keysOf({ key, public_key: publicKey, private_key: privateKey }: Fields) {
  return { key, publicKey, privateKey };
}
