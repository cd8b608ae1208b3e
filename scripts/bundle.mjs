// Builds dist/: the sources, with the packages that commands begin with, in few files. Node takes longer to find a
// thousand small modules than to run a command. Each command stays a file of its own (dist/commands), and what several
// need is in dist/chunks, so that a command loads nothing that is another's.
//
//   node scripts/bundle.mjs [directory to be written instead of dist]
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { buildOptions, ROOT } from './build-options.mjs';

const OUT = resolve(process.argv[2] ?? join(ROOT, 'dist'));

/** What bin/run.js begins with, and what is started by its path. */
const BESIDE_COMMANDS = [
  'cli/command-not-found.ts',
  'cli/execute.ts',
  'cli/terminal/debug-namespaces.ts',
  'cli/terminal/guard-output.ts',
  'embedded/couchdb/main.ts',
];

function commandFiles() {
  const folder = join(ROOT, 'src', 'commands');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The directories of the packages that went into the build, from the root. */
function packagesIn({ inputs }) {
  const within = /^(?<directory>.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
  const directories = Object.keys(inputs).flatMap((path) => within.exec(path)?.groups.directory ?? []);
  return [...new Set(directories)].sort();
}

/** What a package says of its licence, the whole text where it has one. */
function noticeOf(directory) {
  const { name, version, license, author } = JSON.parse(
    readFileSync(join(directory, 'package.json'), 'utf8'),
  );
  const files = readdirSync(directory).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = files.map((file) => readFileSync(join(directory, file), 'utf8').trim());
  const by = typeof author === 'string' ? author : (author?.name ?? 'its authors');
  return [`${name} ${version} (${license})`, ...(texts.length > 0 ? texts : [`By ${by}.`])].join('\n\n');
}

// It is written last: by it a build is known to be whole.
rmSync(join(dirname(OUT), 'oclif.manifest.json'), { force: true });
rmSync(OUT, { recursive: true, force: true });
const { metafile } = await build({
  ...buildOptions,
  entryPoints: [...commandFiles(), ...BESIDE_COMMANDS.map((path) => join(ROOT, 'src', path))],
  outbase: 'src',
  outdir: OUT,
  splitting: true,
  chunkNames: 'chunks/[hash]',
});
const notices = packagesIn(metafile).map((directory) => noticeOf(join(ROOT, directory)));
mkdirSync(OUT, { recursive: true });
writeFileSync(
  join(OUT, 'third-party-notices.txt'),
  `The files beside this one hold parts of these packages.\n\n${notices.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`,
);
console.log(`${relative(process.cwd(), OUT) || '.'}: ${Object.keys(metafile.outputs).length / 2} files`);
