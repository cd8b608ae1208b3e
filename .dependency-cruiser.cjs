/** Imports point one way: commands, workers -> jobs -> stack -> instances -> apps, couchdb, storage, redis -> config. */
/** From the top; a folder may import from those of the rows below its own. */
const ROWS = [
  ['commands'],
  ['cli', 'workers'],
  ['jobs'],
  ['stack'],
  ['instances'],
  ['apps', 'couchdb', 'storage', 'redis', 'embedded'],
  ['config'],
];

/** What some must not import although it stands below them. */
const ALSO_FORBIDDEN = {
  workers: ['embedded'],
  jobs: ['embedded'],
  stack: ['storage', 'embedded'],
  instances: ['embedded'],
};

const looksDownOnly = (folder, row) => {
  const aside = ROWS.slice(0, row + 1)
    .flat()
    .filter((other) => other !== folder);
  const forbidden = [...aside, ...(ALSO_FORBIDDEN[folder] ?? [])];
  return {
    name: `${folder}-looks-down-only`,
    severity: 'error',
    comment: `src/${folder} must not import from ${forbidden.join(', ')}`,
    from: { path: `^src/${folder}/` },
    to: { path: `^src/(${forbidden.join('|')})/` },
  };
};

module.exports = {
  forbidden: [
    ...ROWS.flatMap((row, at) => (at === 0 ? [] : row.map((folder) => looksDownOnly(folder, at)))),
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '^src/(commands|embedded)/|^src/cli/debug-namespaces[.]ts$' },
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
