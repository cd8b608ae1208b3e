// Builds the benchmark of `npm run bench`, its worker included, as `bundle.mjs` builds what operators run: what is run
// from the sources pays for their loader, which keeps the name of each function that is made, in each call that makes one.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildOptions, ROOT } from './build-options.mjs';

const OUT = join(ROOT, 'build-bench');

rmSync(OUT, { recursive: true, force: true });
await build({
  ...buildOptions,
  // Each is whole by itself: it finds the others beside it.
  entryPoints: {
    compare: 'bench/compare.ts',
    'worker-process': 'bench/worker-process.ts',
    'embedded/couchdb/main': 'src/embedded/couchdb/main.ts',
  },
  outdir: OUT,
});
