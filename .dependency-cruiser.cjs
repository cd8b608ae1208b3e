/** Imports point one way: commands -> up -> cli, web -> operations, workers -> jobs -> stack, usage -> instances -> apps, couchdb, skeleton, storage, redis -> config. */
/** From the top; a folder may import from those of the rows below its own. */
const ROWS = [
  ['commands'],
  ['up'],
  ['cli', 'web'],
  ['operations', 'workers'],
  ['jobs'],
  ['stack', 'usage'],
  ['instances'],
  ['apps', 'couchdb', 'skeleton', 'storage', 'redis', 'embedded'],
  ['config'],
];

/** What some must not import although it stands below them. */
const ALSO_FORBIDDEN = {
  cli: ['workers', 'embedded'],
  web: ['workers', 'embedded'],
  operations: ['embedded'],
  workers: ['embedded'],
  jobs: ['embedded'],
  stack: ['storage', 'embedded'],
  usage: ['storage', 'embedded'],
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

/** The rooms of a folder, from the top; a room may import from those of the rows below its own. */
const ROOMS = {
  cli: [['instances'], ['batches', 'jobs'], ['flags'], ['terminal']],
  operations: [
    ['doctor', 'features'],
    ['queue'],
    ['instances'],
    ['plan'],
    ['batches'],
    ['jobs', 'targets'],
    ['connect', 'input'],
  ],
  jobs: [['queue'], ['fleet'], ['batches', 'claims'], ['kinds', 'redis']],
  instances: [
    ['fsck', 'change', 'platform'],
    ['lookup'],
    ['documents'],
    ['options', 'databases', 'vault'],
    ['domains'],
    ['values'],
  ],
  web: [
    ['cloudery', 'fleet-page', 'onboarding', 'public'],
    ['admin', 'fleet-api', 'pages'],
    ['auth', 'holds', 'health'],
    ['metrics'],
    ['http'],
  ],
  skeleton: [['media']],
  apps: [['sources'], ['cache', 'fetch'], ['tree'], ['manifest']],
};

const roomsLookDownOnly = ([folder, rows]) =>
  rows.flatMap((row, at) =>
    row.map((room) => {
      const forbidden = rows
        .slice(0, at + 1)
        .flat()
        .filter((other) => other !== room);
      return {
        name: `${folder}-${room}-looks-down-only`,
        severity: 'error',
        comment: `src/${folder}/${room} must not import from ${forbidden.join(', ')}`,
        from: { path: `^src/${folder}/${room}/` },
        to: { path: `^src/${folder}/(${forbidden.join('|')})/` },
      };
    }),
  );

module.exports = {
  forbidden: [
    ...Object.entries(ROOMS)
      .flatMap(roomsLookDownOnly)
      .filter(({ to }) => !to.path.endsWith('()/')),
    ...ROWS.flatMap((row, at) => (at === 0 ? [] : row.map((folder) => looksDownOnly(folder, at)))),
    {
      name: 'operations-know-no-terminal',
      severity: 'error',
      comment:
        'What serves people at a terminal, browsers and programs alike must neither ask, nor print, nor end the process.',
      from: { path: '^src/(operations|web)/' },
      to: { path: 'node_modules/@oclif/|^(node:)?(readline|process|tty)(/promises)?$' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '^src/(commands|embedded)/|^src/cli/terminal/debug-namespaces[.]ts$' },
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
