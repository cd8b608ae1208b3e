const { availableParallelism } = require('node:os');

// Node 22 and later keep what they compiled for the next process; the tests start hundreds of the same program.
process.env.NODE_COMPILE_CACHE ??= `${__dirname}/node_modules/.cache/node-compile`;

/** How the tests run that scripts/build-tests.mjs compiled. */
module.exports = {
  'node-option': ['enable-source-maps'],
  timeout: 60_000,
  'forbid-only': true,
  'forbid-pending': false,
  reporter: 'test/support/summary-reporter.cjs',
  // Each file has servers of its own, unless all are to use one CouchDB: its `global/instances` is the same for all.
  parallel: process.env.COUCHDB_URL === undefined,
  // They wait for servers, locks and other processes for a good part of their time.
  jobs: Math.min(availableParallelism() + 1, 3),
};
