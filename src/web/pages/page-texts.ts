import { readdirSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { ownFile } from '../../own-file.ts';

const FOLDER = ownFile('locales/');

/** The language of whatever has no translation. */
export const FALLBACK_LANGUAGE = 'en';

const text = z.string().min(1);
const message = z.object({ title: text, text });
/** `link` leads away from the page; `{host}` stands for where to. */
const messageWithLink = message.extend({ link: text });

const schema = z.object({
  unknown: message,
  provisioning: message,
  moved: messageWithLink,
  onboarding: message,
  ready: message,
  unsure: message,
  blocked: z.object({
    login: message,
    payment: message,
    importing: message,
    moving: message,
    unknown: message,
    /** Title of a reason in somebody's own words. */
    other: text,
  }),
  refused: z.object({ token: messageWithLink, guesses: message, request: message }),
  choose: z.object({
    title: text,
    intro: text,
    domain: text,
    password: text,
    rule: text,
    show: text,
    hint: text,
    hintRule: text,
    submit: text,
    working: text,
    tooShort: text,
    weak: text,
    fair: text,
    good: text,
    empty: text,
    short: text,
    long: text,
    hintIsPassword: text,
    hintTooLong: text,
    failed: text,
    /** Of a page whose script does not come. */
    unfinished: text,
    reload: text,
    insecure: text,
  }),
});

/** All that our pages say, in one language. */
export type PageTexts = Readonly<z.infer<typeof schema>>;

/** A title and a sentence or two. */
export type PageMessage = Readonly<z.infer<typeof message>>;

const withPages = z.object({ pages: z.unknown() });

let textsByLanguage: ReadonlyMap<string, PageTexts> | undefined;

/** The languages that pages are written in, English first. The files are read once. */
export function pageLanguages(): string[] {
  return [...allTexts().keys()];
}

/** The texts of one of those languages; English for any other. What a translation leaves out is English, too. */
export function pageTexts(language: string): PageTexts {
  const texts = allTexts().get(language) ?? allTexts().get(FALLBACK_LANGUAGE);
  if (texts === undefined) throw new Error(`no texts in the language ${FALLBACK_LANGUAGE}`);
  return texts;
}

function allTexts(): ReadonlyMap<string, PageTexts> {
  textsByLanguage ??= readAll();
  return textsByLanguage;
}

function readAll(): ReadonlyMap<string, PageTexts> {
  const english = readPages(FALLBACK_LANGUAGE);
  const all = new Map([[FALLBACK_LANGUAGE, schema.parse(english)]]);
  for (const file of readdirSync(FOLDER).sort()) {
    const language = file.replace(/\.json$/, '');
    if (language === file || language === FALLBACK_LANGUAGE) continue;
    const pages = readPages(language);
    if (pages !== undefined) all.set(language, schema.parse(filledUp(pages, english)));
  }
  return all;
}

function readPages(language: string): unknown {
  return withPages.parse(JSON.parse(readFileSync(new URL(`${language}.json`, FOLDER), 'utf8'))).pages;
}

/** The first, with whatever it lacks of the second, at any depth. */
function filledUp(texts: unknown, english: unknown): unknown {
  if (!isRecord(texts) || !isRecord(english)) return texts ?? english;
  return Object.fromEntries(
    Object.entries(english).map(([key, value]) => [key, filledUp(texts[key], value)]),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
