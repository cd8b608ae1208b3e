/** What stands where a secret stood. */
const MASK = '[masked]';

/** The shortest text that is looked for as it is, in characters: shorter ones are parts of words. */
const SHORTEST = 6;

/** Our stored passphrases and sealed ones, hashes of passphrases, and tokens that are signed. */
const MARKED =
  /(?<![\w$])(?:sealed:|\$?argon2(?:id?|d)\$|\$?scrypt\$|\$2[abxy]\$|eyJ[\w-]{8,1000}\.[\w-]{8,1000}\.)[^\s"'`<>]*/g;

/** User and password before a host. */
const CREDENTIALS = /:\/\/[^\s"'`<>/@]{1,1000}@/g;

/** What is sent to be let in. */
const AUTHORIZATION = /\b(Basic|Bearer) [\w+/=.~-]{6,}/gi;

/** A secret behind its name, in JSON, in a form and in a query. */
const NAMED =
  /\b(register_?token|session_secret|oauth_secret|cli_secret|passphrase_hash|password|passphrase|secret|private_key)(["']?[:=] ?["']?)[^\s"'&,;}]+/gi;

/** Keys, secrets and hashes as they are stored: base64 that is padded, or longer than any name. */
const BASE64 = /(?<![\w+/=-])(?:[A-Za-z0-9+/]{80,}|[A-Za-z0-9+/]{20,79}(?==))={0,2}(?![\w+/=-])/g;

/** A register token; ids of documents look the same, and are told as such. */
const TOKEN = /(?<![\w-])(?<!\b(?:document|id) "?)[0-9a-f]{32}(?![\w-])/g;

/**
 * A text without what looks like one of our secrets: the last guard before a log and before Redis, for texts that
 * others had a part in. Nothing secret is meant to get this far.
 */
export function maskSecrets(text: string): string {
  return text
    .replace(MARKED, MASK)
    .replace(CREDENTIALS, `://${MASK}@`)
    .replace(AUTHORIZATION, `$1 ${MASK}`)
    .replace(NAMED, `$1$2${MASK}`)
    .replace(BASE64, MASK)
    .replace(TOKEN, MASK);
}

/** Masks what looks like a secret, and what is known to be one. */
export type Masker = (text: string) => string;

/** @param secrets as they are written somewhere; those that are too short to be told from words are left out */
export function createMasker(secrets: readonly string[] = []): Masker {
  // The longest first: one may be part of another.
  const known = [...new Set(secrets)]
    .filter((each) => each.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return (text) => maskSecrets(known.reduce((rest, secret) => rest.replaceAll(secret, MASK), text));
}
