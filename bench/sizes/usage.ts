import { randomBytes } from 'node:crypto';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { chunks } from '../../src/chunk.ts';
import type { CouchDocument, CouchServer } from '../../src/couchdb/server.ts';
import { createDesignSource, type Designs } from '../../src/instances/databases/design-source.ts';
import { databaseName, prefixOf, reservationId } from '../../src/instances/databases/prefix.ts';
import { ROOT_ID } from '../../src/instances/documents/file-documents.ts';
import { SETTINGS_ID } from '../../src/instances/documents/settings-document.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { meantInstances } from '../../src/operations/targets/meant-instances.ts';
import { measuredInstances } from '../../src/operations/targets/measured-instances.ts';
import { KEPT_READINGS, reportUsage } from '../../src/operations/targets/report-usage.ts';
import { LOGINS, OAUTH_CLIENTS, SESSIONS } from '../../src/usage/last-activity.ts';
import { benchDomains } from '../instances.ts';
import { removeInstances } from '../remove.ts';
import { machineText, thisMachine } from '../report/machine.ts';
import { positive } from '../rounds/settings.ts';
import { runBench } from '../run-bench.ts';
import { openServers } from '../servers.ts';

// Measures how long it takes to measure a fleet, and what memory it needs: instances with just the databases that are read.

const USAGE = `npm run bench:usage -- [options]

  --instances <n>    instances (1000)
  --files <n>        files of each (50)
  --rounds <n>       times that all are measured (3)
  --keep             leave the instances: the server is thrown away
  --help

COUCHDB_URL names the server, credentials included; without it an embedded one is started.`;

const CONNECTIONS = 32;

/** Instances that are made at a time. */
const AT_A_TIME = 8;

await runBench(async (interrupted, closers) => {
  const { values } = parseArgs({
    options: {
      instances: { type: 'string', default: '1000' },
      files: { type: 'string', default: '50' },
      rounds: { type: 'string', default: '3' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const files = positive('files', values.files);
  const rounds = positive('rounds', values.rounds);
  const servers = await openServers(CONNECTIONS);
  closers.push(() => servers.close());
  const { couch, storageRoot } = servers;
  const domains = benchDomains(
    randomBytes(3).toString('hex'),
    'usage',
    positive('instances', values.instances),
  );
  if (!values.keep) {
    closers.push(async () => {
      for await (const page of chunks(domains, 20)) await removeInstances(couch, storageRoot, page);
    });
  }
  console.log(`${machineText(thisMachine())}\n`);
  const designs = await createDesignSource().of(couch, interrupted);
  for await (const page of chunks(domains, AT_A_TIME)) {
    await Promise.all(page.map((domain, at) => makeUsed(couch, designs, domain, files, at)));
    interrupted.throwIfAborted();
  }
  console.log(`${domains.length} instances with ${files} files each`);

  const fleet = { global: couch, cluster: () => couch };
  const passingOver = { onUnreadable: () => undefined, onUnmeasured: () => undefined };
  for (let round = 1; round <= rounds; round += 1) {
    let failed = 0;
    await timed(`report ${round}`, async () => {
      const { summary } = await reportUsage(fleet, {
        ...passingOver,
        filter: {},
        now: Date.now,
        onMeasured: ({ problems }) => {
          failed += problems.length;
        },
      });
      return `${summary.instances} instances, ${failed} problems`;
    });
    interrupted.throwIfAborted();
  }
  await timed('ls of all columns', async () => {
    let listed = 0;
    const all = new Set([...KEPT_READINGS, 'owner'] as const);
    for await (const _ of measuredInstances(meantInstances(fleet, {}, passingOver), all, fleet)) listed += 1;
    return `${listed} instances`;
  });
  await timed('idle since 2022', async () => {
    let idle = 0;
    const filter = { idleSince: '2022-01-01T00:00:00.000Z' };
    for await (const _ of meantInstances(fleet, filter, passingOver)) idle += 1;
    return `${idle} idle`;
  });
});

async function timed(name: string, work: () => Promise<string>): Promise<void> {
  const most = { bytes: 0 };
  const look = setInterval(() => {
    most.bytes = Math.max(most.bytes, process.memoryUsage().rss);
  }, 100);
  const begun = performance.now();
  const said = await work();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  clearInterval(look);
  const megabytes = Math.round(most.bytes / 1e6);
  console.log(
    `${name}: ${seconds} s, ${said}; most memory ${megabytes} MB, load ${loadavg()[0]?.toFixed(1)}`,
  );
}

async function makeUsed(
  couch: CouchServer,
  designs: Designs,
  domain: string,
  files: number,
  nth: number,
): Promise<void> {
  const prefix = prefixOf(domain);
  const time = (at: number) => new Date(Date.UTC(2020 + (nth % 6), 0, 1) + at * 3_600_000).toISOString();
  const many = (count: number, make: (at: number) => object): CouchDocument[] =>
    Array.from({ length: count }, (_, at) => ({ _id: randomBytes(16).toString('hex'), ...make(at) }));
  const documents: Readonly<Record<string, readonly CouchDocument[]>> = {
    [LOGINS]: many(20, (at) => ({ created_at: time(at), os: 'Linux', browser: 'Firefox', ip: '' })),
    [SESSIONS]: many(3, (at) => ({ last_seen: time(at) })),
    [OAUTH_CLIENTS]: many(3, (at) => ({ client_kind: 'mobile', last_refreshed_at: time(at) })),
    'io.cozy.files': [
      { _id: ROOT_ID, type: 'directory', path: '/', created_at: time(0), updated_at: time(0) },
      ...many(files, (at) => ({ type: 'file', name: `${at}`, dir_id: ROOT_ID, size: String(at * 100_000) })),
    ],
    'io.cozy.files.versions': many(5, (at) => ({ size: String(at * 1_000) })),
    'io.cozy.apps': ['drive', 'notes', 'home', 'settings', 'store', 'photos'].map((slug) => {
      const manifest = { name: slug, editor: 'Cozy', description: 'x'.repeat(3_000) };
      return {
        ...manifest,
        _id: `io.cozy.apps/${slug}`,
        slug,
        version: '1.60.0',
        source: `registry://${slug}`,
      };
    }),
    'io.cozy.konnectors': [],
    'io.cozy.settings': [{ _id: SETTINGS_ID, email: `owner@${domain}`, public_name: 'Zoé Martin' }],
  };
  for (const [doctype, list] of Object.entries(documents)) {
    const database = databaseName(prefix, doctype);
    await couch.createDatabase(database);
    const all = [...(designs.get(doctype) ?? []), ...list];
    if (all.length > 0) await couch.bulkInsert(database, all);
  }
  await couch.putDocument(INSTANCES, {
    _id: reservationId(domain),
    domain,
    prefix,
    locale: 'fr',
    password_defined: true,
    onboarding_finished: true,
    disk_quota: '5000000000',
    cli_secret: randomBytes(16).toString('base64'),
  });
}
