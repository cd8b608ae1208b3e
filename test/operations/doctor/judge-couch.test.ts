import { expect } from 'chai';
import { judgeCreation } from '../../../src/operations/doctor/couchdb/check-couch.ts';
import type { CouchFacts } from '../../../src/operations/doctor/couchdb/couch-facts.ts';
import { judgeCouch } from '../../../src/operations/doctor/couchdb/judge-couch.ts';
import { saidOf } from './said.ts';

const NOTHING_SET = { couchdb: {}, cluster: {}, chttpd_auth_lockout: {}, log: {} };

const HEALTHY: CouchFacts = {
  host: 'couch:5984',
  greeting: { version: '3.5.0', vendor: 'The Apache Software Foundation' },
  roles: ['_admin'],
  membership: { connected: ['a'], members: ['a'] },
  settings: NOTHING_SET,
  load: { processes: 300, mostProcesses: 262_144 },
};

const SMALL = { instances: 10, q: undefined, n: undefined };

const judged = (facts: Partial<CouchFacts>, load = {}) =>
  saidOf(judgeCouch({ ...HEALTHY, ...facts }, { ...SMALL, ...load }));

const lineOf = (check: string, facts: Partial<CouchFacts>, load = {}) =>
  judged(facts, load).find((line) => line.split(' ')[1] === `${check}:`) ?? '';

const withSettings = (section: keyof typeof NOTHING_SET, name: string, value: string) => ({
  settings: { ...NOTHING_SET, [section]: { [name]: value } },
});

describe('what doctor says of a CouchDB', () => {
  it('finds nothing on one as it is packaged, with few instances', () => {
    expect(judged({})).to.deep.equal([
      'ok version: CouchDB 3.5.0 at couch:5984',
      'ok rights: our user is an administrator',
      'ok nodes: one node',
      'ok max-dbs-open: max_dbs_open 500; the 10 instances have 320 shards (q=2)',
      'ok shards: a new database has 2 shards in 1 copy',
      'ok lockout: 5 wrong passwords from an address lock a user out there for 300 s (since CouchDB 3.4)',
    ]);
  });

  it('takes the embedded server for one that is for trials, and looks no further', () => {
    const lines = judged({
      greeting: { version: '3.5.0', vendor: 'cozy-fleet, embedded: not for production' },
    });
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/^warn version: .*for trials only.* \| .*couchdb\.url/);
  });

  for (const [version, verdict] of [
    ['2.3.1', 'warn'],
    ['1.7.2', 'warn'],
    ['3.0.0', 'ok'],
    ['4.0.0', 'ok'],
    ['a.b', 'ok'],
  ] as const) {
    it(`judges the version ${version} as ${verdict}`, () => {
      expect(lineOf('version', { greeting: { version, vendor: '' } })).to.match(new RegExp(`^${verdict} `));
    });
  }

  it('warns where something keeps to itself what is asked', () => {
    const lines = judged({
      greeting: undefined,
      roles: undefined,
      membership: undefined,
      settings: undefined,
      load: undefined,
    });
    expect(lines.map((line) => line.split(':')[0])).to.deep.equal([
      'warn version',
      'ok rights',
      'warn nodes',
      'warn settings',
    ]);
  });

  it('fails a user who is no administrator', () => {
    expect(lineOf('rights', { roles: ['reader'] })).to.match(
      /^fail .* \| Name an administrator in couchdb\.url/,
    );
  });

  it('says which nodes are away, and fails where most of them are', () => {
    const members = ['a', 'b', 'c'];
    expect(lineOf('nodes', { membership: { members, connected: members } })).to.equal(
      'ok nodes: all 3 nodes are there',
    );
    expect(lineOf('nodes', { membership: { members, connected: ['a', 'b'] } })).to.match(
      /^warn nodes: 1 of 3 nodes .*: c \|/,
    );
    expect(lineOf('nodes', { membership: { members, connected: ['a'] } })).to.match(
      /^fail nodes: 2 of 3 nodes .*: b, c \|/,
    );
    expect(lineOf('nodes', { membership: { members: ['a'], connected: ['a', 'x'] } })).to.match(
      /^warn nodes: x is connected/,
    );
  });

  for (const [set, instances, q, verdict] of [
    [undefined, 15, undefined, 'ok'],
    [undefined, 16, undefined, 'warn'],
    [undefined, 31, 1, 'ok'],
    [undefined, 32, 1, 'warn'],
    ['5000', 100_000, undefined, 'ok'],
    ['4999', 100_000, undefined, 'warn'],
    ['infinity', 100_000, undefined, 'ok'],
    ['nonsense', 10, undefined, 'ok'],
    ['nonsense', 1_000, undefined, 'warn'],
  ] as const) {
    it(`judges max_dbs_open ${set} for ${instances} instances with q=${q} as ${verdict}`, () => {
      const facts = set === undefined ? {} : withSettings('couchdb', 'max_dbs_open', set);
      expect(lineOf('max-dbs-open', facts, { instances, q })).to.match(new RegExp(`^${verdict} `));
    });
  }

  it('wants many databases open where nobody knows how many instances there are', () => {
    expect(lineOf('max-dbs-open', {}, { instances: undefined })).to.match(
      /^warn .*max_dbs_open = 5000 .*65536/,
    );
  });

  it('warns of many shards', () => {
    expect(lineOf('shards', withSettings('cluster', 'q', '8'))).to.match(
      /^warn shards: .*128 shard files .*fleet\.q: 1/,
    );
    expect(lineOf('shards', withSettings('cluster', 'q', '8'), { q: 1 })).to.match(
      /^ok shards: a new database has 1 shards/,
    );
  });

  it('warns of a lockout that our own tries could bring about', () => {
    const of = (name: string, value: string) =>
      lineOf('lockout', withSettings('chttpd_auth_lockout', name, value));
    expect(of('threshold', '3')).to.match(/^warn /);
    expect(of('threshold', '4')).to.match(/^ok /);
    expect(of('max_lifetime', '600000')).to.match(/^warn /);
    expect(of('mode', 'off')).to.match(/^ok lockout: wrong passwords lock nobody out/);
  });

  it('warns of settings that keep what is destroyed, or slow everything down', () => {
    const last = (section: keyof typeof NOTHING_SET, name: string, value: string) =>
      judged(withSettings(section, name, value))
        .at(-1)
        ?.split(':')[0];
    expect(last('couchdb', 'enable_database_recovery', 'true')).to.equal('warn recovery');
    expect(last('couchdb', 'delayed_commits', 'true')).to.equal('warn delayed-commits');
    expect(last('log', 'level', 'debug')).to.equal('warn log');
    expect(judged({ load: { processes: 250_000, mostProcesses: 262_144 } }).at(-1)).to.match(
      /^warn processes: .*\+P/,
    );
  });

  it('fails where no cluster is open to creation', () => {
    const clusters = (...creation: boolean[]) =>
      judgeCreation({
        couchdb: { url: 'http://a', clusters: creation.map((each) => ({ url: 'http://a', creation: each })) },
      });
    expect(clusters(false, false).verdict).to.equal('fail');
    expect(clusters(false, true)).to.include({ verdict: 'ok', text: '1 of 2 clusters are open to creation' });
  });
});
