// Refuses references that lead nowhere: a document that is not there, a section or a numbered trap that it does
// not have, a section sign without its document, a link to a missing file or heading. Looks at comments, strings
// and prose alike. Plain JavaScript without packages.
//
//   node scripts/check-references.mjs [directory]
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Searched with all that is below them. */
const FOLDERS = ['bench', 'bin', 'docs', 'scripts', 'src', 'test'];

/** Kinds of files that are looked at, there and at the top. */
const KINDS = new Set(['.cjs', '.conf', '.js', '.md', '.mjs', '.ts']);

/** A document, a section or traps, in the order in which they stand in a text. */
const TOKEN = new RegExp(
  [
    String.raw`(?<!:\/\/\S*)(?<![\w.\/\-])(?<document>(?:[\w.\-]+\/)*[\w\-][\w.\-]*\.md)\b`,
    String.raw`(?<!\p{L})(?<sign>\u00a7) ?(?<section>\d+(?:\.\d+)*)?`,
    String.raw`\btraps? (?<traps>\d+(?:(?:, | and )\d+)*)`,
    String.raw`(?<end>[).;:|](?=\s|$))`,
  ].join('|'),
  'gu',
);

/** Sections of standards are not ours. */
const STANDARD = /RFC \d+,? ?$/;

const LINK = /(?<=\]\()[^)\s]+(?=\))/g;
const FENCE = /^\s*(```|~~~)/;
const HEADING = /^#{1,6}\s+(?<title>.+?)\s*#*$/;
const NUMBER = /^(?<number>\d+(?:\.\d+)*)\.?\s/;
const ITEM = /^(?<number>\d+)\. /;

/** What goes before the words of a comment in code, as blanks, so that a reference may be broken over lines. */
const COMMENT = /^\s*(?:\/\*\*?|\*\/|\*|\/\/|#)/;

/** @returns paths of all files to look at, from the root, with slashes */
function filesOf(root) {
  const below = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  );
  const top = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
  return [...top, ...below]
    .filter((file) => KINDS.has(extname(file)))
    .map((file) => file.split(sep).join('/'))
    .sort();
}

/** As anchors of headings are made of them where documents are shown. */
function anchorOf(title) {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

/**
 * What can be referred to in a document.
 * @returns its sections by number, each with the numbers of its traps where it lists any; its anchors; the numbers
 *   that another section has already
 */
function outlineOf(text) {
  const sections = new Map();
  const anchors = new Set();
  const repeated = [];
  let items;
  let fenced = false;
  for (const [at, line] of text.split('\n').entries()) {
    if (FENCE.test(line)) fenced = !fenced;
    if (fenced) continue;
    const title = HEADING.exec(line)?.groups.title;
    if (title === undefined) {
      const item = ITEM.exec(line)?.groups.number;
      if (item !== undefined) items?.add(item);
      continue;
    }
    anchors.add(anchorOf(title));
    const number = NUMBER.exec(`${title} `)?.groups.number;
    items = /\btraps?\b/i.test(title) ? new Set() : undefined;
    if (number === undefined) continue;
    if (sections.has(number)) repeated.push({ number, line: at + 1 });
    sections.set(number, items);
  }
  return { sections, anchors, repeated };
}

/**
 * Cuts a file into texts that are read as one: a comment, a paragraph, an item or a row. Each keeps its line feeds,
 * so that a place in it tells the line.
 * @returns texts with the number of their first line
 */
function textsOf(text, isMarkdown) {
  const texts = [];
  let open;
  let fenced = false;
  const begin = (line, at) => {
    open = { line: at + 1, parts: [line] };
    texts.push(open);
  };
  for (const [at, line] of text.split('\n').entries()) {
    if (isMarkdown) {
      if (FENCE.test(line)) fenced = !fenced;
      if (fenced || FENCE.test(line) || line.trim() === '') open = undefined;
      else if (open === undefined || /^\s*(?:[-*|#]|\d+\. )/.test(line)) begin(line, at);
      else open.parts.push(line);
      continue;
    }
    const marker = COMMENT.exec(line)?.[0];
    const words = marker === undefined ? line : ' '.repeat(marker.length) + line.slice(marker.length);
    // A comment that stands by itself does not belong to the one above it.
    const isNew = marker === undefined || open === undefined || marker.trim().startsWith('/*');
    if (isNew) begin(words, at);
    else open.parts.push(words);
    if (marker === undefined || line.trimEnd().endsWith('*/')) open = undefined;
  }
  return texts.map(({ line, parts }) => ({ line, text: parts.join('\n') }));
}

/** Remembers what was read of documents. */
function readDocuments(root) {
  const outlines = new Map();
  const isThere = (path) => !path.startsWith('..') && existsSync(join(root, path));
  return {
    /** Path from the root of a document as it is named in a file; undefined where there is none. */
    find(named, file) {
      const beside = posix.join(posix.dirname(file), named);
      if (named.startsWith('.')) return [beside].find(isThere);
      return (file.endsWith('.md') ? [beside, named] : [named]).find(isThere);
    },
    outline(path) {
      if (!outlines.has(path)) outlines.set(path, outlineOf(readFileSync(join(root, path), 'utf8')));
      return outlines.get(path);
    },
  };
}

/**
 * The links of a text.
 * @returns the line of each, and what is wrong with it
 */
function* linksOf({ text, line }, file, root, documents) {
  for (const { 0: target, index } of text.matchAll(LINK)) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
    const [path, anchor] = target.split('#');
    const place = path === '' ? file : posix.join(posix.dirname(file), decodeURIComponent(path));
    yield { line: line + lineFeeds(text, index), problem: problemOfLink(place, anchor, root, documents) };
  }
}

function problemOfLink(place, anchor, root, documents) {
  if (!existsSync(join(root, place))) return `there is no ${place}`;
  if (anchor === undefined || !place.endsWith('.md')) return undefined;
  return documents.outline(place).anchors.has(anchor) ? undefined : `${place} has no heading #${anchor}`;
}

/**
 * The references of a text to documents, sections and traps.
 * @returns the line of each, and what is wrong with it
 */
function* referencesOf({ text, line }, file, documents) {
  const isMarkdown = file.endsWith('.md');
  const words = isMarkdown ? text.replace(LINK, (target) => ' '.repeat(target.length)) : text;
  const { squeezed, places } = squeeze(words);
  /** Path of the document that a section belongs to; null where that is not there, which was said. */
  let document = isMarkdown ? file : undefined;
  for (const { index, groups } of squeezed.matchAll(TOKEN)) {
    const at = line + lineFeeds(text, places[index]);
    if (groups.end !== undefined) {
      // In a page a bare section is one of its own, unless another page is spoken of just there.
      if (isMarkdown) document = file;
    } else if (groups.document !== undefined) {
      document = documents.find(groups.document, file) ?? null;
      yield { line: at, problem: document === null ? `there is no ${groups.document}` : undefined };
    } else if (groups.sign !== undefined) {
      if (document === null || STANDARD.test(squeezed.slice(0, index))) continue;
      yield { line: at, problem: problemOfSection(groups.section, document, documents) };
    } else if (document !== undefined && document !== null) {
      for (const trap of groups.traps.match(/\d+/g)) {
        yield { line: at, problem: problemOfTrap(trap, document, documents) };
      }
    }
  }
}

function problemOfSection(section, document, documents) {
  if (section === undefined) return 'a section sign without a number';
  if (document === undefined) return `section ${section} of which document?`;
  return documents.outline(document).sections.has(section)
    ? undefined
    : `${document} has no section ${section}`;
}

function problemOfTrap(trap, document, documents) {
  const lists = [...documents.outline(document).sections.values()];
  return lists.some((traps) => traps?.has(trap)) ? undefined : `${document} has no trap ${trap}`;
}

/** How many lines end in a text before a place. */
function lineFeeds(text, place) {
  return text.slice(0, place).split('\n').length - 1;
}

/**
 * A text in one line with single blanks, so that a reference may be broken at any of them.
 * @returns it, and where each of its characters was
 */
function squeeze(text) {
  const places = [];
  let squeezed = '';
  for (const { 0: part, index } of text.matchAll(/\s+|\S+/g)) {
    const kept = /^\s/.test(part) ? ' ' : part;
    for (let at = 0; at < kept.length; at++) places.push(index + at);
    squeezed += kept;
  }
  return { squeezed, places };
}

/** @returns how many references there are, and a line for each that leads nowhere */
function check(root) {
  const documents = readDocuments(root);
  const problems = [];
  let count = 0;
  for (const file of filesOf(root)) {
    const isMarkdown = file.endsWith('.md');
    const repeated = isMarkdown ? documents.outline(file).repeated : [];
    problems.push(...repeated.map(({ line, number }) => `${file}:${line}: section ${number} is there twice`));
    for (const text of textsOf(readFileSync(join(root, file), 'utf8'), isMarkdown)) {
      const links = isMarkdown ? linksOf(text, file, root, documents) : [];
      for (const { line, problem } of [...referencesOf(text, file, documents), ...links]) {
        count += 1;
        if (problem !== undefined) problems.push(`${file}:${line}: ${problem}`);
      }
    }
  }
  return { count, problems };
}

const root = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))));
const { count, problems } = check(root);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`All ${count} references lead somewhere.`);
