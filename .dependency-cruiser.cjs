/** Imports point one way: commands, workers -> jobs -> stack -> instances -> couchdb, storage -> config. */
const layer = (from, forbidden) => ({
  name: `${from}-looks-down-only`,
  severity: 'error',
  comment: `src/${from} must not import from ${forbidden.join(', ')}`,
  from: { path: `^src/${from}/` },
  to: { path: `^src/(${forbidden.join('|')})/` },
});

module.exports = {
  forbidden: [
    layer('config', [
      'commands',
      'cli',
      'workers',
      'jobs',
      'stack',
      'instances',
      'couchdb',
      'storage',
      'embedded',
    ]),
    layer('storage', ['commands', 'cli', 'workers', 'jobs', 'stack', 'instances', 'couchdb', 'embedded']),
    layer('couchdb', ['commands', 'cli', 'workers', 'jobs', 'stack', 'instances', 'storage', 'embedded']),
    layer('instances', ['commands', 'cli', 'workers', 'jobs', 'stack', 'embedded']),
    layer('stack', ['commands', 'cli', 'workers', 'jobs', 'storage', 'embedded']),
    layer('jobs', ['commands', 'cli', 'workers', 'embedded']),
    layer('workers', ['commands', 'cli', 'embedded']),
    layer('embedded', ['commands', 'cli', 'workers', 'jobs', 'stack', 'instances', 'couchdb', 'storage']),
    layer('cli', ['commands', 'workers']),
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '^src/(commands|embedded)/' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
