// What programs of ours are built with, be they to be run by operators (`bundle.mjs`) or measured (`bundle-bench.mjs`).
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

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

/** How esbuild is told to build programs of ours; what goes in, and where to, is left to who calls it. */
export const buildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
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
};
