import { count } from '../../../quantity-text.ts';
import { type Finding, findingsOf } from '../finding.ts';
import type { CouchFacts } from './couch-facts.ts';
import { judgeCouchSettings, type Load } from './judge-settings.ts';

const found = findingsOf('couchdb');

/** What our own server for trials calls itself. */
const EMBEDDED = /^cozy-fleet, embedded/;

const OLDEST = 3;

/** What is judged of a CouchDB that answers and lets us in. */
export function judgeCouch(facts: CouchFacts, load: Load): Finding[] {
  const { host, greeting } = facts;
  if (greeting !== undefined && EMBEDDED.test(greeting.vendor)) {
    const text = `the server at ${host} is the embedded one, for trials only: it has no settings to look at`;
    return [found.warn('version', text, 'For instances that anybody needs, set couchdb.url to a CouchDB 3.')];
  }
  return [
    judgeVersion(facts),
    judgeRights(facts),
    judgeMembership(facts),
    ...judgeCouchSettings(facts, load),
    ...judgeProcesses(facts),
  ];
}

function judgeVersion({ host, greeting }: CouchFacts): Finding {
  if (greeting === undefined) {
    const advice =
      'If something else answers there, correct couchdb.url; if a proxy keeps / to itself, nothing is lost by it.';
    return found.warn('version', `CouchDB at ${host} does not say its version`, advice);
  }
  const { version } = greeting;
  const major = Number(/^(\d{1,4})\./.exec(version)?.[1] ?? Number.NaN);
  if (major < OLDEST) {
    return found.warn(
      'version',
      `CouchDB ${version} at ${host} is older than 3.0, which is not tried here`,
      'Upgrade it to CouchDB 3.',
    );
  }
  return found.ok('version', `CouchDB ${version} at ${host}`);
}

function judgeRights({ host, roles }: CouchFacts): Finding {
  if (roles === undefined || roles.includes('_admin')) {
    return found.ok(
      'rights',
      roles === undefined ? 'our user may list databases' : 'our user is an administrator',
    );
  }
  return found.fail(
    'rights',
    `our user at ${host} is no administrator, and cannot make databases`,
    'Name an administrator in couchdb.url: one of [admins] in its local.ini.',
  );
}

function judgeMembership({ host, membership }: CouchFacts): Finding {
  if (membership === undefined) {
    return found.warn(
      'nodes',
      `the nodes of ${host} may not be asked for`,
      'Let /_membership pass where a proxy is before CouchDB.',
    );
  }
  const { connected, members } = membership;
  const away = members.filter((name) => !connected.includes(name));
  const strangers = connected.filter((name) => !members.includes(name));
  const all = count(members.length);
  if (away.length > 0) {
    const text = `${count(away.length)} of ${all} nodes of ${host} are away: ${away.slice(0, 5).join(', ')}`;
    const advice = 'Start them, or take those that are gone for good out of the cluster (_nodes).';
    const isMost = away.length * 2 >= members.length;
    return isMost ? found.fail('nodes', text, advice) : found.warn('nodes', text, advice);
  }
  if (strangers.length > 0) {
    const text = `${strangers.slice(0, 5).join(', ')} is connected to ${host}, and does not belong to its cluster`;
    return found.warn('nodes', text, 'Add it to the cluster (_cluster_setup), or find out why it connects.');
  }
  return found.ok('nodes', members.length === 1 ? 'one node' : `all ${all} nodes are there`);
}

/** Of the processes that a node may have, how many are many. */
const MANY = 0.8;

function judgeProcesses({ host, load }: CouchFacts): Finding[] {
  if (load === undefined || load.processes <= load.mostProcesses * MANY) return [];
  const text = `${count(load.processes)} of ${count(load.mostProcesses)} Erlang processes of ${host} are in use`;
  return [found.warn('processes', text, 'Raise +P in its vm.args, and start it again.')];
}
