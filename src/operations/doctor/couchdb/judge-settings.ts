import { count } from '../../../quantity-text.ts';
import { type Finding, findingsOf } from '../finding.ts';
import type { CouchFacts } from './couch-facts.ts';

const found = findingsOf('couchdb');

/** What a cluster has to bear. */
export interface Load {
  /** Instances of the whole fleet; undefined where they could not be counted. */
  readonly instances: number | undefined;
  /** `fleet.q` and `fleet.n`; undefined = as the server has it. */
  readonly q: number | undefined;
  readonly n: number | undefined;
}

/** Databases of an instance. */
const DATABASES = 16;

/** What CouchDB has by itself (its `default.ini`). */
const DEFAULTS = { maxDbsOpen: 500, q: 2, n: 3, threshold: 5, maxLifetime: 300_000 };

/** As many databases open at a time as a busy server needs, however many there are (`docs/faults.md` §5). */
const ENOUGH_OPEN = 5_000;

/** Wrong logins of the fleet within CouchDB's time for them (`jobs/redis/logins.ts`). */
const OWN_TRIES = { count: 3, windowMs: 305_000 };

/** What is judged of a server's settings; what it does not say stands for what CouchDB has by itself. */
export function judgeCouchSettings(facts: CouchFacts, load: Load): Finding[] {
  const { host, settings } = facts;
  if (settings === undefined) {
    const text = `the settings of ${host} may not be asked for (/_node/_local/_config)`;
    return [
      found.warn(
        'settings',
        text,
        'Let an administrator ask for them, or see that max_dbs_open is 5000 or more.',
      ),
    ];
  }
  return [
    judgeMaxDbsOpen(settings.couchdb['max_dbs_open'], load, settings.cluster['q']),
    judgeShards(settings.cluster, load, facts),
    judgeLockout(host, settings.chttpd_auth_lockout),
    ...judgeDeletions(host, settings.couchdb),
    ...judgeSlow(host, settings),
  ];
}

type AllSettings = NonNullable<CouchFacts['settings']>;

/** How a setting is changed on all nodes. */
function set(section: string, name: string, value: string): string {
  return `[${section}] ${name} = ${value} in local.ini of each node, or PUT /_node/<node>/_config/${section}/${name}`;
}

/** A whole number as an ini file has it; undefined for anything else. */
function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text.trim()) ? Number(text) : undefined;
}

function judgeMaxDbsOpen(said: string | undefined, load: Load, serverQ: string | undefined): Finding {
  const most = said?.trim() === 'infinity' ? Number.POSITIVE_INFINITY : (whole(said) ?? DEFAULTS.maxDbsOpen);
  const q = load.q ?? whole(serverQ) ?? DEFAULTS.q;
  const shards = load.instances === undefined ? undefined : load.instances * DATABASES * q;
  const has =
    shards === undefined ? '' : `; ${instancesText(load.instances ?? 0)} ${count(shards)} shards (q=${q})`;
  const text = `max_dbs_open ${most === Number.POSITIVE_INFINITY ? 'infinity' : count(most)}${has}`;
  if (most >= Math.min(shards ?? ENOUGH_OPEN, ENOUGH_OPEN)) return found.ok('max-dbs-open', text);
  return found.warn(
    'max-dbs-open',
    `${text}: where more are in use at once, CouchDB answers 500 all_dbs_active and the work slows down`,
    `${set('couchdb', 'max_dbs_open', String(ENOUGH_OPEN))}; the limit of open files (ulimit -n, which CouchDB does not tell) must be well above it: 65536.`,
  );
}

function instancesText(instances: number): string {
  return instances === 1 ? 'the one instance has' : `the ${count(instances)} instances have`;
}

function judgeShards(cluster: AllSettings['cluster'], load: Load, { membership }: CouchFacts): Finding {
  const q = load.q ?? whole(cluster['q']) ?? DEFAULTS.q;
  const n = load.n ?? whole(cluster['n']) ?? DEFAULTS.n;
  const nodes = membership?.members.length;
  const copies = nodes === undefined ? n : Math.min(n, nodes);
  const text = `a new database has ${q} shards in ${count(copies)} ${copies === 1 ? 'copy' : 'copies'}`;
  if (q > DEFAULTS.q) {
    const files = `${text}: ${count(DATABASES * q)} shard files an instance, which slow creation down`;
    return found.warn(
      'shards',
      files,
      'Set fleet.q: 1 in cozy.yaml, or [cluster] q there: for new databases only.',
    );
  }
  return found.ok('shards', text);
}

function judgeLockout(host: string, settings: AllSettings['chttpd_auth_lockout']): Finding {
  const mode = settings['mode']?.trim() ?? 'enforce';
  if (mode !== 'enforce')
    return found.ok('lockout', `wrong passwords lock nobody out (mode ${mode.slice(0, 20)})`);
  const threshold = whole(settings['threshold']) ?? DEFAULTS.threshold;
  const lifetime = whole(settings['max_lifetime']) ?? DEFAULTS.maxLifetime;
  const text = `${threshold} wrong passwords from an address lock a user out there for ${count(Math.round(lifetime / 1000))} s (since CouchDB 3.4)`;
  if (threshold > OWN_TRIES.count && lifetime <= OWN_TRIES.windowMs) return found.ok('lockout', text);
  return found.warn(
    'lockout',
    `${text}: after a change of the password, workers of ${host} with the old one could lock it`,
    `${set('chttpd_auth_lockout', 'threshold', String(DEFAULTS.threshold))}, and max_lifetime = ${DEFAULTS.maxLifetime}`,
  );
}

/** Whether what is destroyed really goes. */
function judgeDeletions(host: string, couchdb: AllSettings['couchdb']): Finding[] {
  if (couchdb['enable_database_recovery']?.trim() !== 'true') return [];
  return [
    found.warn(
      'recovery',
      `${host} keeps the files of databases that are deleted (enable_database_recovery): data of destroyed instances stays, and the disk fills`,
      set('couchdb', 'enable_database_recovery', 'false'),
    ),
  ];
}

/** What slows everything down, and is hardly meant. */
function judgeSlow(host: string, { couchdb, log }: AllSettings): Finding[] {
  const findings: Finding[] = [];
  if (log['level']?.trim() === 'debug') {
    findings.push(
      found.warn(
        'log',
        `${host} logs each step (level debug), which slows it down`,
        set('log', 'level', 'info'),
      ),
    );
  }
  if (couchdb['delayed_commits']?.trim() === 'true') {
    const text = `${host} has delayed_commits: a crash takes what was acknowledged, where a CouchDB before 3.0 heeds it`;
    findings.push(found.warn('delayed-commits', text, set('couchdb', 'delayed_commits', 'false')));
  }
  return findings;
}
