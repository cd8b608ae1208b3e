// Measures the rooms of the sources: how many ways lead from one child of a folder to another, how many files lie in it,
// how long they are. Prints a table, and fails where a limit is broken. Plain JavaScript without packages.
//
//   node scripts/count-arrows.mjs [directory]
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Most arrows between the children of these rooms. */
const MOST_ARROWS = { cli: 20, instances: 28, apps: 30, operations: 30, web: 50 };
/** Files, or files and rooms, that make a room; the names of commands are given by what operators type. */
const LEAST_CHILDREN = 3;
const MOST_FILES = 25;
const BY_THEIR_NAMES = /^commands(?:\/|$)/;
/** Lines. */
const LONGEST_FILE = 300;
const LEAST_MEDIAN = 60;

const IMPORT = /\b(?:from|import)\s*\(?\s*['"](?<target>\.{1,2}\/[^'"]+)['"]/g;

/** @returns the sources by their path from the root, each with its number of lines and the files that it imports */
function readSources(root) {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  const known = new Set(paths);
  return new Map(
    paths.map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const imports = [...text.matchAll(IMPORT)]
        .map(({ groups }) => posix.join(posix.dirname(path), groups.target))
        .filter((target) => known.has(target));
      return [path, { lines: text.split('\n').length - 1, imports: new Set(imports) }];
    }),
  );
}

/** All folders that hold sources, at whatever depth; the root is the empty name. */
function foldersOf(sources) {
  const folders = new Set();
  for (const path of sources.keys()) {
    for (let at = posix.dirname(path); at !== '.'; at = posix.dirname(at)) folders.add(at);
  }
  return ['', ...[...folders].sort()];
}

/** The child of a folder in which a file lies, itself or a room; undefined for a file elsewhere. */
function childOf(folder, path) {
  const inside =
    folder === '' ? path : path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
  return inside?.split('/')[0];
}

/** Which children of a folder import which others. */
function arrowsIn(folder, sources) {
  const arrows = new Map();
  for (const [path, { imports }] of sources) {
    const from = childOf(folder, path);
    if (from === undefined) continue;
    if (!arrows.has(from)) arrows.set(from, new Set());
    for (const target of imports) {
      const to = childOf(folder, target);
      if (to !== undefined && to !== from) arrows.get(from).add(to);
    }
  }
  return arrows;
}

/** How many groups there are whose members all reach each other. */
function countCircles(arrows) {
  const reached = new Map([...arrows.keys()].map((each) => [each, reachedFrom(each, arrows)]));
  const inCircle = [...arrows.keys()].filter((each) => reached.get(each).has(each));
  const isFirst = (each, at) =>
    !inCircle.slice(0, at).some((other) => reached.get(other).has(each) && reached.get(each).has(other));
  return inCircle.filter(isFirst).length;
}

function reachedFrom(start, arrows) {
  const reached = new Set();
  const ahead = [start];
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    for (const next of arrows.get(at)) {
      if (reached.has(next)) continue;
      reached.add(next);
      ahead.push(next);
    }
  }
  return reached;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What there is to say of a folder; lines are those of all files below it. */
function measure(folder, sources) {
  const arrows = arrowsIn(folder, sources);
  const below = [...sources].filter(([path]) => childOf(folder, path) !== undefined);
  const lines = below.map(([, source]) => source.lines);
  return {
    folder: folder === '' ? 'all' : folder,
    children: arrows.size,
    files: [...arrows.keys()].filter((child) => child.endsWith('.ts')).length,
    arrows: [...arrows.values()].reduce((sum, targets) => sum + targets.size, 0),
    circles: countCircles(arrows),
    median: median(lines),
    longest: Math.max(0, ...lines),
  };
}

/** A line for each limit that is broken. */
function problemsOf(rooms, sources) {
  const problems = [];
  for (const { folder, children, files, arrows } of rooms) {
    const most = MOST_ARROWS[folder];
    if (most !== undefined && arrows > most)
      problems.push(`${folder} has ${arrows} arrows, more than ${most}`);
    if (folder === 'all' || BY_THEIR_NAMES.test(folder)) continue;
    if (files > MOST_FILES) problems.push(`${folder} has ${files} files, more than ${MOST_FILES}`);
    if (files > 0 && children < LEAST_CHILDREN) {
      problems.push(`${folder} has ${children} children, fewer than ${LEAST_CHILDREN}`);
    }
  }
  for (const [path, { lines }] of sources) {
    if (lines > LONGEST_FILE) problems.push(`${path} has ${lines} lines, more than ${LONGEST_FILE}`);
  }
  const [all] = rooms;
  if (all.median < LEAST_MEDIAN) {
    problems.push(`the median of all files is ${all.median} lines, less than ${LEAST_MEDIAN}`);
  }
  return problems;
}

/** Columns as wide as what is in them, names to the left, numbers to the right. */
function tableOf(rooms) {
  const titles = Object.keys(rooms[0]);
  const rows = [titles, ...rooms.map((room) => Object.values(room).map(String))];
  const widths = titles.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  '),
    )
    .join('\n');
}

const root = resolve(process.argv[2] ?? join(dirname(dirname(fileURLToPath(import.meta.url))), 'src'));
const sources = readSources(root);
const rooms = foldersOf(sources).map((folder) => measure(folder, sources));
console.log(tableOf(rooms));
const problems = problemsOf(rooms, sources);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
