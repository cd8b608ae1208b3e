/** How the tests run that scripts/build-tests.mjs compiled. */
module.exports = {
  'node-option': ['enable-source-maps'],
  timeout: 60_000,
  'forbid-only': true,
  'forbid-pending': false,
  reporter: 'test/support/summary-reporter.cjs',
  // Each file has servers of its own, unless all are to use one CouchDB: its `global/instances` is the same for all.
  parallel: process.env.COUCHDB_URL === undefined,
  jobs: 2,
};
