import { expect } from 'chai';
import { type Deed, judge, type Outcome, type Told, type Wrong } from '../support/strange-fleets/judge.ts';
import { type Fields, hashedPrefix } from '../support/strange-fleets/readings.ts';
import type { SeenFile, Snapshot } from '../support/strange-fleets/snapshot.ts';
import {
  contextOf,
  type Role,
  type StrangeDocument,
  strangeFleet,
} from '../support/strange-fleets/strange-fleet.ts';

const STORAGE = 'mount/storage';

function document(id: string, role: Role, fields: Fields): StrangeDocument {
  return { id, fleet: 0, role, fields: { ...fields, context: contextOf(role) } };
}

/** An ordinary instance, which must get what is asked for. */
function ordinary(id: string, role: Role): StrangeDocument {
  const domain = `${id}.example`;
  return { ...document(id, role, { domain, prefix: hashedPrefix(domain) }), mark: domain };
}

const bob = ordinary('bob', 'destroyed');
const ann = ordinary('ann', 'left');
const orphan = { folder: 'gone.example', prefix: hashedPrefix('gone.example') };

const directory: SeenFile = { kind: 'directory', state: '', stamp: '' };
const file: SeenFile = { kind: 'file', state: 'as it was', stamp: '' };

function database(domain: string): string {
  return `${hashedPrefix(domain)}/io-cozy-files`;
}

/** What there is of ordinary instances, of an orphan, and around. */
function everything(documents: readonly StrangeDocument[]): Snapshot {
  const folders = ['bob.example', 'ann.example', 'gone.example', 'empty.example'];
  const files = folders.flatMap((folder): [string, SeenFile][] => [
    [`${STORAGE}/${folder}`, directory],
    ...(folder.startsWith('empty')
      ? []
      : ([
          [`${STORAGE}/${folder}/.cozy_trash`, directory],
          [`${STORAGE}/${folder}/letter`, file],
        ] satisfies [string, SeenFile][])),
  ]);
  return {
    databases: new Map(
      [...folders.map(database), 'secrets/io-cozy-account_types', 'old-example/io-cozy-files'].map((name) => [
        name,
        'as it was',
      ]),
    ),
    documents: new Map(documents.map(({ id }) => [id, '1-a'])),
    files: new Map([...files, ['outside', directory], ['outside/letter', file]]),
  };
}

/** What was there, without or with other things. */
function changed(
  from: Snapshot,
  changes: {
    readonly databases?: Readonly<Record<string, string | undefined>>;
    readonly documents?: Readonly<Record<string, string | undefined>>;
    readonly files?: Readonly<Record<string, SeenFile | undefined>>;
  },
): Snapshot {
  return {
    databases: patched(from.databases, changes.databases),
    documents: patched(from.documents, changes.documents),
    files: patched(from.files, changes.files),
  };
}

function patched<T>(
  from: ReadonlyMap<string, T>,
  changes: Readonly<Record<string, T | undefined>> = {},
): ReadonlyMap<string, T> {
  const map = new Map(from);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }
  return map;
}

/** All that is gone after a destruction of bob as it should be. */
const WITHOUT_BOB = {
  databases: { [database('bob.example')]: undefined },
  documents: { bob: undefined },
  files: {
    [`${STORAGE}/bob.example`]: undefined,
    [`${STORAGE}/bob.example/.cozy_trash`]: undefined,
    [`${STORAGE}/bob.example/letter`]: undefined,
  },
};

interface Case {
  readonly deed?: Deed;
  readonly documents?: readonly StrangeDocument[];
  readonly targets?: readonly StrangeDocument[];
  readonly changes?: Parameters<typeof changed>[1];
  readonly outcomes?: readonly Outcome[];
  readonly said?: string;
}

const DESTROYED: readonly Outcome[] = [{ domain: 'bob.example', state: 'done' }];

function wrongs({
  deed = 'destroy',
  documents = [bob, ann],
  targets = [bob],
  changes = WITHOUT_BOB,
  outcomes = DESTROYED,
  said = '',
}: Case): Wrong[] {
  const before = everything(documents);
  const told: Told = { said, outcomes };
  const trial = { deed, targets, told, before, after: changed(before, changes) };
  return [...new Set(judge({ documents, orphans: [orphan] }, trial).map(({ wrong }) => wrong))];
}

describe('the judge of commands over strange fleets', () => {
  it('finds nothing wrong with a destruction that takes what is the instance’s alone', () => {
    expect(wrongs({})).to.deep.equal([]);
  });

  it('finds nothing wrong with a removal of orphans alone', () => {
    const files = Object.fromEntries(
      ['', '/.cozy_trash', '/letter'].map((path) => [`${STORAGE}/gone.example${path}`, undefined]),
    );
    const changes = { databases: { [database('gone.example')]: undefined }, files };
    expect(wrongs({ deed: 'orphans', targets: [], changes, outcomes: [] })).to.deep.equal([]);
  });

  it('finds nothing wrong with an installation that writes to its instance', () => {
    const changes = {
      databases: { [database('bob.example')]: 'another' },
      files: { [`${STORAGE}/bob.example/.cozy_apps`]: directory },
    };
    expect(wrongs({ deed: 'install', changes })).to.deep.equal([]);
  });

  const others: readonly (Case & { readonly what: string; readonly wrong: Wrong })[] = [
    ...[
      { prefix: hashedPrefix('bob.example').toUpperCase() },
      { prefix: [hashedPrefix('bob.example')] },
      { old_domain: 'bob.example' },
      { domain_aliases: 'bob.example' },
      { domain_aliases: ['w3.example', 'bob.example'] },
    ].map((fields) => ({
      what: `a database that ${JSON.stringify(fields)} could mean is gone`,
      wrong: 'database gone' as const,
      documents: [bob, document('other', 'left', { domain: 'other.example', ...fields })],
    })),
    {
      what: 'a database is gone whose instance was refused',
      wrong: 'database gone',
      outcomes: [{ domain: 'bob.example', state: 'refused' }],
    },
    {
      what: 'a database is gone that is nobody’s, in a destruction',
      wrong: 'database gone',
      changes: { ...WITHOUT_BOB, databases: { [database('gone.example')]: undefined } },
    },
    {
      what: 'an orphan’s database is gone that has another’s former domain',
      wrong: 'database gone',
      deed: 'orphans',
      targets: [],
      documents: [bob, document('other', 'left', { domain: 'other.example', old_domain: 'gone.example' })],
      changes: { databases: { [database('gone.example')]: undefined } },
    },
    {
      what: 'a database of the platform is gone with a document that has its name for a prefix',
      wrong: 'database gone',
      documents: [document('bob', 'destroyed', { domain: 'bob.example', prefix: 'secrets' })],
      targets: [document('bob', 'destroyed', { domain: 'bob.example', prefix: 'secrets' })],
      changes: { databases: { 'secrets/io-cozy-account_types': undefined } },
    },
    {
      what: 'a database is gone with the orphans that is not named like an instance’s',
      wrong: 'database gone',
      deed: 'orphans',
      targets: [],
      documents: [],
      changes: { databases: { 'old-example/io-cozy-files': undefined } },
    },
    {
      what: 'another’s database is written to',
      wrong: 'database changed',
      deed: 'install',
      changes: { databases: { [database('ann.example')]: 'another' } },
    },
    {
      what: 'a database comes up that is nobody’s',
      wrong: 'database changed',
      deed: 'repair',
      changes: { databases: { 'cozy/io-cozy-files': 'new' } },
    },
    {
      what: 'a look changes something',
      wrong: 'database changed',
      deed: 'look',
      targets: [],
      changes: { databases: { [database('bob.example')]: 'another' } },
    },
    {
      what: 'another’s document is gone',
      wrong: 'document gone',
      changes: { documents: { ann: undefined } },
    },
    {
      what: 'another’s document is changed',
      wrong: 'document changed',
      changes: { documents: { ann: '2-b' } },
    },
    { what: 'a document comes up', wrong: 'document changed', changes: { documents: { new: '1-a' } } },
    {
      what: 'another’s file is gone',
      wrong: 'file gone',
      changes: { files: { [`${STORAGE}/ann.example/letter`]: undefined } },
    },
    {
      what: 'a folder is gone that differs from another’s in its case alone',
      wrong: 'file gone',
      documents: [bob, document('other', 'left', { domain: 'BOB.example' })],
    },
    {
      what: 'an empty folder is gone',
      wrong: 'file gone',
      documents: [bob, document('other', 'destroyed', { domain: 'empty.example' })],
      targets: [document('other', 'destroyed', { domain: 'empty.example' })],
      outcomes: [{ domain: 'empty.example', state: 'done' }],
      changes: { files: { [`${STORAGE}/empty.example`]: undefined } },
    },
    {
      what: 'the folder of a renamed instance is gone with the orphans',
      wrong: 'file gone',
      deed: 'orphans',
      targets: [],
      documents: [document('other', 'left', { domain: 'new.example', prefix: orphan.prefix })],
      changes: { files: { [`${STORAGE}/gone.example/letter`]: undefined } },
    },
    {
      what: 'another’s file is changed',
      wrong: 'file changed',
      deed: 'repair',
      changes: { files: { [`${STORAGE}/ann.example/letter`]: { ...file, state: 'another' } } },
    },
    {
      what: 'something outside the storage is gone',
      wrong: 'outside touched',
      changes: { files: { 'outside/letter': undefined } },
    },
    {
      what: 'something comes up outside the storage',
      wrong: 'outside touched',
      changes: { files: { 'outside/new': file } },
    },
    ...[-1, 1, '0'].map((cluster) => {
      const domain = 'bob.example';
      const fields = { domain, prefix: hashedPrefix(domain), couch_cluster: cluster };
      const documents = [document('bob', 'destroyed', fields)];
      const what = `an instance is destroyed that is on cluster ${JSON.stringify(cluster)}`;
      return { what, wrong: 'not refused' as const, documents, targets: documents };
    }),
    { what: 'a command falls over', wrong: 'crashed', said: 'domain.replace is not a function' },
    {
      what: 'a job never ends',
      wrong: 'not ended',
      outcomes: [{ domain: 'bob.example', state: 'unended' }],
    },
    { what: 'a target is not spoken of', wrong: 'not named', outcomes: [], changes: {} },
    {
      what: 'a document that cannot be read is not named by a look',
      wrong: 'not named',
      deed: 'look',
      targets: [],
      documents: [document('other', 'left', { domain: 42 })],
      changes: {},
    },
    {
      what: 'orphans are kept without a word on whom they may belong to',
      wrong: 'not named',
      deed: 'orphans',
      targets: [],
      documents: [document('other', 'left', { domain: 'a.example', prefix: 5 })],
      changes: {},
    },
    {
      what: 'an ordinary instance is refused',
      wrong: 'not done',
      changes: {},
      outcomes: [{ domain: 'bob.example', state: 'refused' }],
    },
    {
      what: 'an orphan is left although every document can be read',
      wrong: 'not done',
      deed: 'orphans',
      targets: [],
      changes: {},
    },
  ];
  for (const { what, wrong, ...given } of others) {
    it(`finds wrong that ${what}`, () => {
      expect(wrongs(given)).to.include(wrong);
    });
  }

  it('finds wrong that an application was put where a link is', () => {
    const before = everything([bob]);
    const linked = changed(before, { files: { [`${STORAGE}/bob.example`]: { ...file, kind: 'link' } } });
    const told = { said: '', outcomes: DESTROYED };
    const trial = { deed: 'install', targets: [bob], told, before: linked, after: linked } as const;
    const [first] = judge({ documents: [bob], orphans: [] }, trial);
    expect(first).to.include({ wrong: 'through a link' });
  });

  it('takes a refused target for named by its id, and by its domain as a terminal may show it', () => {
    const strange = document('0123456789abcdef', 'destroyed', { domain: 'bo\u001bb.example/' });
    for (const said of [
      'the document 0123456789abcdef',
      'bob.example/: refused',
      'bo\\u001bb.example/: refused',
    ]) {
      const given = { documents: [strange], targets: [strange], changes: {}, outcomes: [] };
      expect(wrongs({ ...given, said })).to.deep.equal([]);
    }
  });

  it('has fleets that are the same again for the same seed, and others for another', () => {
    const fleet = strangeFleet(1, 7, 'untyped');
    expect({ ...strangeFleet(1, 7, 'untyped') }).to.deep.equal({ ...fleet });
    expect({ ...strangeFleet(2, 7, 'untyped') }).not.to.deep.equal({ ...fleet });
  });
});
