// Builds dist/: the sources, with the packages that commands begin with, in few files. Node takes longer to find a
// thousand small modules than to run a command. Each command stays a file of its own (dist/commands), and what several
// need is in dist/chunks, so that a command loads nothing that is another's.
//
//   node scripts/bundle.mjs [directory to be written instead of dist]
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = resolve(process.argv[2] ?? join(ROOT, 'dist'));

/**
 * Packages that are built in, with all that they need. The others stay where npm puts them: those of workers and servers
 * gain nothing, some have native parts, and of some there must be one copy only.
 */
const BUILT_IN = new Set([
  '@oclif/core',
  'bullmq',
  'csv-parse',
  'csv-stringify',
  'fastest-levenshtein',
  'ioredis',
  'log-update',
  'p-limit',
  'punycode',
  'string-width',
  'tweetnacl',
  'unhomoglyph',
  'yaml',
  'zod',
]);

/** What packages that are built in load only where it is there, or never in a program that is built. */
const NEVER_BUILT_IN = new Set(['msgpackr-extract', 'pnpapi', 'ts-node', 'typescript']);

/** What bin/run.js begins with, and what is started by its path. */
const BESIDE_COMMANDS = [
  'cli/execute.ts',
  'cli/terminal/debug-namespaces.ts',
  'cli/terminal/guard-output.ts',
  'embedded/couchdb/main.ts',
];

/** CommonJS packages expect these of Node. */
const COMMON_JS = [
  "import { createRequire as createRequire_ } from 'node:module';",
  "import { dirname as dirname_ } from 'node:path';",
  "import { fileURLToPath as fileURLToPath_ } from 'node:url';",
  'const require = createRequire_(import.meta.url);',
  'const __filename = fileURLToPath_(import.meta.url);',
  'const __dirname = dirname_(__filename);',
].join('');

/** Name of the package that an import names: `@oclif/core` of `@oclif/core/flags`. */
function packageOf(name) {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * What BullMQ loads for what we never ask of it is more than all that we do: queues in PostgreSQL are left out, and what
 * schedules need is loaded by who makes one.
 */
const leaveOut = {
  name: 'leave-out',
  setup({ onResolve, onLoad }) {
    const namespace = 'left-out';
    onResolve({ filter: /^(?:\.\/postgres|cron-parser)$/ }, ({ path, importer }) =>
      importer.includes('/node_modules/bullmq/') ? { path, namespace } : undefined,
    );
    onLoad({ filter: /^\.\/postgres$/, namespace }, () => ({ contents: 'module.exports = {};' }));
    onLoad({ filter: /^cron-parser$/, namespace }, () => ({
      contents: `Object.defineProperty(exports, 'CronExpressionParser', {
        get: () => module.require('cron-parser').CronExpressionParser,
      });`,
    }));
  },
};

/** Of what is built in, what makes a large table of its own: it is made for the first name that is not ASCII. */
const makeLater = {
  name: 'make-later',
  setup({ onResolve, onLoad }) {
    const namespace = 'later';
    onResolve({ filter: /^unhomoglyph$/ }, ({ path, importer }) =>
      importer.startsWith(join(ROOT, 'src')) ? { path, namespace } : undefined,
    );
    onLoad({ filter: /^unhomoglyph$/, namespace }, () => ({
      contents: "module.exports = (text) => require('unhomoglyph')(text);",
      resolveDir: ROOT,
    }));
  },
};

const choosePackages = {
  name: 'choose-packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
      if (path.startsWith('node:')) return { external: true };
      const name = packageOf(path);
      const isOurs = !importer.includes('/node_modules/');
      const stays = isOurs ? !BUILT_IN.has(name) : NEVER_BUILT_IN.has(name);
      return stays ? { external: true } : undefined;
    });
    // Its messages in fifty languages are a third of what it is; ours are English.
    onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ importer }) =>
      importer.includes('/node_modules/zod/')
        ? { path: join(dirname(importer), '../locales/en.js') }
        : undefined,
    );
  },
};

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
  absWorkingDir: ROOT,
  entryPoints: [...commandFiles(), ...BESIDE_COMMANDS.map((path) => join(ROOT, 'src', path))],
  outbase: 'src',
  outdir: OUT,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  banner: { js: COMMON_JS },
  // Names stay as they are, and each module begins with a comment that says which it is: stacks can be read as they are.
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  plugins: [leaveOut, makeLater, choosePackages],
  logLevel: 'warning',
});
const notices = packagesIn(metafile).map((directory) => noticeOf(join(ROOT, directory)));
mkdirSync(OUT, { recursive: true });
writeFileSync(
  join(OUT, 'third-party-notices.txt'),
  `The files beside this one hold parts of these packages.\n\n${notices.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`,
);
console.log(`${relative(process.cwd(), OUT) || '.'}: ${Object.keys(metafile.outputs).length / 2} files`);
