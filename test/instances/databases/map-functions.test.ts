import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { VIEW_MAPS, type ViewName } from '../../../src/instances/databases/map-functions.ts';

/** What CouchDB would index: keys and values as JSON, where what is missing is null. */
function rowsOf(name: ViewName, doc: object): unknown[] {
  const rows: unknown[] = [];
  const emit = (key: unknown, value: unknown) => rows.push(JSON.parse(JSON.stringify([key, value ?? null])));
  const map: unknown = runInNewContext(`(${VIEW_MAPS[name].trim()})`, { emit, isArray: Array.isArray });
  if (typeof map !== 'function') throw new Error(`${name} is no function`);
  map(doc);
  return rows;
}

interface Sample {
  readonly view: ViewName;
  readonly what: string;
  readonly doc: object;
  readonly rows: unknown[];
}

const refs = [
  { id: 'a1', type: 'io.cozy.albums' },
  { id: 'a2', type: 'io.cozy.albums' },
];

const share = {
  _id: 'p1',
  type: 'share',
  codes: { alice: 'token-1', bob: 'token-2' },
  shortcodes: { alice: 'short-1' },
  permissions: {
    files: { type: 'io.cozy.files', verbs: ['GET'], values: ['f1', 'f2'] },
    albums: { type: 'io.cozy.albums', selector: 'referenced_by', values: ['x'], verbs: ['PUT'] },
    everything: { type: 'io.cozy.contacts' },
  },
};

const samples: Sample[] = [
  {
    view: 'disk-usage',
    what: 'the size of a file under its directory, as a number',
    doc: { type: 'file', dir_id: 'd', size: '42' },
    rows: [['d', 42]],
  },
  { view: 'disk-usage', what: 'no directory', doc: { type: 'directory', dir_id: 'd', size: '42' }, rows: [] },
  {
    view: 'disk-usage',
    what: 'zero for a size that is no number, which the sum could not take',
    doc: { type: 'file', dir_id: 'd', size: 'many' },
    rows: [['d', 0]],
  },
  {
    view: 'not-synchronized-on',
    what: 'each device a directory is not synchronized on',
    doc: { type: 'directory', not_synchronized_on: refs },
    rows: [
      [['io.cozy.albums', 'a1'], null],
      [['io.cozy.albums', 'a2'], null],
    ],
  },
  {
    view: 'not-synchronized-on',
    what: 'nothing for a file',
    doc: { type: 'file', not_synchronized_on: refs },
    rows: [],
  },
  {
    view: 'referenced-by',
    what: 'each reference of a document of any type',
    doc: { type: 'file', referenced_by: refs },
    rows: [
      [['io.cozy.albums', 'a1'], null],
      [['io.cozy.albums', 'a2'], null],
    ],
  },
  {
    view: 'referenced-by-sorted-by-datetime',
    what: 'each reference with the date of the picture',
    doc: { referenced_by: refs, metadata: { datetime: '2026-01-02' } },
    rows: [
      [['io.cozy.albums', 'a1', '2026-01-02'], null],
      [['io.cozy.albums', 'a2', '2026-01-02'], null],
    ],
  },
  {
    view: 'referenced-by-sorted-by-datetime',
    what: 'an empty date where there is none',
    doc: { referenced_by: refs.slice(0, 1) },
    rows: [[['io.cozy.albums', 'a1', ''], null]],
  },
  {
    view: 'by-parent-type-name',
    what: 'every document',
    doc: { dir_id: 'd', type: 'file', name: 'n' },
    rows: [[['d', 'file', 'n'], null]],
  },
  {
    view: 'by-parent-type-name',
    what: 'null for what the root directory does not have',
    doc: { type: 'directory' },
    rows: [[[null, 'directory', null], null]],
  },
  {
    view: 'old-versions-disk-usage',
    what: 'the size of every version under its id',
    doc: { _id: 'f/v', size: '7' },
    rows: [['f/v', 7]],
  },
  {
    view: 'byToken',
    what: 'each code of a share',
    doc: share,
    rows: [
      ['token-1', null],
      ['token-2', null],
    ],
  },
  {
    view: 'byToken',
    what: 'each code of a kind of share',
    doc: { type: 'share-preview', codes: { a: 't' } },
    rows: [['t', null]],
  },
  { view: 'byToken', what: 'nothing but shares', doc: { type: 'app', codes: { a: 't' } }, rows: [] },
  { view: 'by-short-code', what: 'each short code with its name', doc: share, rows: [['short-1', 'alice']] },
  {
    view: 'byDoc',
    what: 'each value of each rule of a share',
    doc: share,
    rows: [
      [['io.cozy.files', '_id', 'f1'], ['GET']],
      [['io.cozy.files', '_id', 'f2'], ['GET']],
      [['io.cozy.albums', 'referenced_by', 'x'], ['PUT']],
    ],
  },
  { view: 'byDoc', what: 'no other kinds of share', doc: { ...share, type: 'share-preview' }, rows: [] },
  {
    view: 'permissions-by-doctype',
    what: 'each rule with the type of its document',
    doc: share,
    rows: [
      [['io.cozy.files', 'share'], null],
      [['io.cozy.albums', 'share'], null],
      [['io.cozy.contacts', 'share'], null],
    ],
  },
  {
    view: 'shared-docs-by-sharingid',
    what: 'each sharing a document is in',
    doc: { _id: 'io.cozy.files/f', infos: { s1: {}, s2: {} } },
    rows: [
      ['s1', 'io.cozy.files/f'],
      ['s2', 'io.cozy.files/f'],
    ],
  },
  {
    view: 'sharings-by-doctype',
    what: 'each rule that is not local',
    doc: { _id: 's', rules: [{ doctype: 'io.cozy.files' }, { doctype: 'io.cozy.albums', local: true }] },
    rows: [['io.cozy.files', 's']],
  },
  {
    view: 'contacts-by-email',
    what: 'each address of a contact',
    doc: { _id: 'c', email: [{ address: 'a@example.org', primary: true }, { address: 'b@example.org' }] },
    rows: [
      ['a@example.org', 'c'],
      ['b@example.org', 'c'],
    ],
  },
  {
    view: 'domain-and-aliases',
    what: 'the domain and each alias of an instance',
    doc: { domain: 'a.example.org', domain_aliases: ['b.example.org', 'c.example.org'] },
    rows: [
      ['a.example.org', null],
      ['b.example.org', null],
      ['c.example.org', null],
    ],
  },
  {
    view: 'domain-and-aliases',
    what: 'the domain of an instance without aliases',
    doc: { domain: 'a.example.org' },
    rows: [['a.example.org', null]],
  },
];

const FIELDS = [
  'type',
  'size',
  'not_synchronized_on',
  'referenced_by',
  'metadata',
  'codes',
  'shortcodes',
  'permissions',
  'infos',
  'rules',
  'email',
  'domain_aliases',
];
const ODD_VALUES = [
  null,
  true,
  0,
  'text',
  [],
  [null, 1, 'x', {}],
  {},
  { x: null },
  { x: { values: [null] } },
];

describe('map functions', () => {
  for (const { view, what, doc, rows } of samples) {
    it(`${view} emits ${what}`, () => {
      expect(rowsOf(view, doc)).to.deep.equal(rows);
    });
  }

  it('never throw on odd documents', () => {
    for (const view of Object.keys(VIEW_MAPS)) {
      if (!isViewName(view)) continue;
      for (const odd of ODD_VALUES) {
        const everyFieldOdd = Object.fromEntries(FIELDS.map((field) => [field, odd]));
        for (const type of ['file', 'directory', 'share', odd]) {
          expect(() => rowsOf(view, { _id: 'odd', ...everyFieldOdd, type }), view).not.to.throw();
        }
      }
    }
  });

  it('are written in the JavaScript of CouchDB 1', () => {
    for (const source of Object.values(VIEW_MAPS))
      expect(source).not.to.match(/=>|\b(let|const|of)\b|`|\.\.\./);
  });
});

function isViewName(name: string): name is ViewName {
  return name in VIEW_MAPS;
}
