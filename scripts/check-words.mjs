// Refuses words that the project has left: one word for one thing, in the names of files and of what they export. Each
// line of the list says what is written today. Plain JavaScript without packages.
//
//   node scripts/check-words.mjs [directory]
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Exported names, and those of their members' types, that were left for others. */
const NAMES = {
  patience: 'a WaitLimit; timeoutMs, acquireTimeoutMs, pollMs for times',
  gaveUp: 'endedBy',
  GivingUp: 'WaitEnd',
  settle: 'recordEnd (of a job)',
  unsettled: 'unknown',
  sparingHttp: 'withHostBackoff',
  shelve: 'storeApp',
  Shelved: 'NewEntry',
  recall: 'LookupCache.get',
  lettersOf: 'versionSuffix',
  Recent: 'TtlCache',
  Tally: 'Quota',
  Handles: 'DatabasePool',
  InOrder: 'KeyedQueue',
  AppLibrary: 'AppStore',
  Census: 'PrefixIndex',
  createCensus: 'createPrefixIndex',
  acquit: 'removeOwned',
  Suspects: 'Candidates',
  StackOwner: 'StackInstance',
  inParts: 'chunks',
  pagesOf: 'chunks',
  WayIn: 'Credential',
  setWayIn: 'setCredential',
  PassphraseCase: 'PassphraseSource',
  registersPassphrase: 'passphraseSource',
  SeenInstance: 'ExpectedInstance',
  requireSeen: 'requireExpected',
  assertSeen: 'assertExpected',
  refuseUnseen: 'refuseUnexpected',
  watchOne: 'followCreation',
  Work: 'JobSpec',
  AskedWork: 'WorkOptions',
  OneDone: 'SingleResult',
  Ran: 'CommandResult',
  Added: 'CommandResult',
  Watched: 'FollowedJob',
  Choice: 'Selection',
  Chosen: 'Targets',
  appTeller: 'createAppReporter',
  stageTeller: 'createStageReporter',
  tellParent: 'notifyParent',
  tellTarget: 'printPlatform',
  withPlainTruths: 'expandBooleanFlags',
  RawRow: 'RowReader',
  readMoved: 'readWithOverride',
  onboardingLink: 'registrationLink',
  documentDirectory: 'writeDirectoryDocument',
  judge: 'classify',
  Judged: 'ReadResult',
  Kept: 'KeptServer, or what is kept',
  Inspected: 'TreeInspection',
  Updated: 'UpdateResult',
  Modified: 'ModifyResult',
};

/** Names of files, without their ending. */
const FILES = {
  patience: 'wait-limit',
  'sparing-http': 'host-backoff',
  shelve: 'store-app',
  notes: 'lookup-cache',
  recent: 'ttl-cache',
  library: 'app-store',
  'prefix-census': 'prefix-index',
  census: 'prefix-index',
  owner: 'stack-instance',
  parts: 'chunk',
  pages: 'chunk',
  settle: 'ending',
  'create-one': 'follow-creation',
  'run-work': 'prepared-batch',
  'chosen-for-check': 'selection-for-check',
  'chosen-instances': 'all-instances',
  'tell-apps': 'app-reporter',
  'watch-stages': 'stage-reporter',
  'raw-row': 'flags and row-reader',
  doctypes: 'databases',
  link: 'registration-link',
  designs: 'design-source',
  'view-maps': 'map-functions',
  'same-design': 'design-matches',
  'seen-instance': 'expected-instance',
  twins: 'look-alikes',
  victim: 'spoilable-instance',
};

/** Constants of time without their unit: the words that times had, and none of the endings. */
const TIME = /^export const (?!.*_(?:MS|SECONDS)\b)[A-Z_]*(?:TIMEOUT|DELAY|DURATION|INTERVAL|EVERY|GRACE)\b/;

const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|class|interface|type) +(\w+)/;

const root = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))));
const found = [];
for (const folder of ['src', 'test']) {
  for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const path = [folder, ...file.split(sep)].join('/');
    const stem = path.slice(path.lastIndexOf('/') + 1).replace(/(?:\.test)?\.ts$/, '');
    if (Object.hasOwn(FILES, stem)) found.push(`${path}: files of this name are called ${FILES[stem]} now`);
    if (folder !== 'src') continue;
    for (const [at, line] of readFileSync(join(root, folder, file), 'utf8')
      .split('\n')
      .entries()) {
      const [, name = ''] = EXPORT.exec(line) ?? [];
      if (Object.hasOwn(NAMES, name)) found.push(`${path}:${at + 1}: ${name} is called ${NAMES[name]} now`);
      if (TIME.test(line)) found.push(`${path}:${at + 1}: the constant lacks its unit, _MS or _SECONDS`);
    }
  }
}
for (const line of found) console.error(line);
if (found.length > 0) process.exitCode = 1;
else console.log('No file and no export has a name that was left.');
