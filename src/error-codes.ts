import { REFUSALS } from './refusal-codes.ts';

/**
 * Every code of an error, and what it means: one meaning and one exit code each. `docs/errors.md` shows the same to
 * operators, and a test keeps the two equal. A code is kept with rows and jobs for months: it is never renamed
 * without a line in CHANGELOG.md, and readers of what is kept accept any text.
 */

/** What the operator typed or wrote is wrong: exit code 2, and nothing was changed. */
const INPUT = {
  alias: 'The domain that was typed is an alias, where only the domain itself may be named.',
  already_up: '`cozy-fleet up` runs in that directory already.',
  app_source: 'What is to be installed is no source of an application.',
  bad_admin_passphrase: 'The file with the admin passphrase cannot be read, or does not hold one.',
  bad_choice: 'What is meant is named in no way, in more than one, or with a flag that does not go with it.',
  bad_config: 'The configuration file is not readable YAML, or has a wrong value.',
  bad_duration: 'A duration is not one, or is too short.',
  bad_encoding: 'The input is not UTF-8.',
  bad_filter: 'A filter is not valid.',
  bad_header: 'The header of a CSV file cannot be read.',
  bad_hint: 'The hint for a passphrase is the passphrase itself.',
  bad_ldif: 'What is to be read as LDIF, or the way in which its attributes become columns, is not good.',
  bad_passphrase: 'The passphrase is empty, or is more than one argument.',
  bad_plan: 'The file is not a plan that this fleet has made, or is not whole.',
  bad_quota: 'The disk quota is not a size.',
  bad_register_token: 'The register token is not, or not any more, that of the instance.',
  bad_date: 'The date cannot be understood, is past, or is one that no clock shows.',
  bad_request: 'The request is not one that the server can read.',
  bad_skeleton:
    'The directory with the first files of new instances cannot be read, or holds what no stack takes.',
  bad_scope: 'What is to be pruned is not limited, or not in a way that is known.',
  bad_template: 'The configuration uses an action of templates that is not evaluated.',
  bad_tos: 'The terms of service are not a version.',
  bad_value: 'An option or a setting has a value that it cannot have.',
  cut_list: 'A list does not end where it says, or has other rows than it says.',
  demo_on_real_platform: '`cozy-fleet up --demo` would make its examples on a platform that was not named.',
  drawn_table: 'The file is a table as clients of databases draw it.',
  duplicate_column: 'Two columns of the file mean the same.',
  empty_file: 'The file is empty.',
  file_changed: 'The file changed while it was read.',
  flag_of_one_instance: "A flag that is one instance's own was given for many.",
  foreign_passphrase: 'A passphrase that was exported is for another domain or another fleet, or was cut.',
  illegal_domain: 'The text cannot be the domain of an instance.',
  indexes_unsure: 'Nothing shows which number of indexes the stacks of the platform write.',
  invalid_options: 'Some options of an instance are not good; each is named.',
  invalid_rows: 'Some rows of the file are not good.',
  invisible_character: 'The name of a column contains a character that is not seen.',
  json_array: 'The file is one JSON array, not a line of JSON for each row.',
  key_reused: 'The idempotency key was given before with other content.',
  line_too_long: 'A line of the file is longer than a row can be.',
  list_sequence:
    'A list does not say up to which change it knows the instances, or CouchDB does not know that change.',
  list_time:
    'Nobody says of which moment a list is, or not as it says itself, so that nothing may be removed for not being in it.',
  missing_column: 'The file lacks a column that it must have.',
  no_admin_passphrase: 'There is no file with the admin passphrase.',
  no_apps: 'No application is named.',
  no_changes: 'No change is given.',
  no_config: 'The configuration file that was named is not there.',
  no_rows: 'The file has no rows.',
  no_stack_admin:
    'The configuration does not say where the admin port of a running stack is, or not with which passphrase.',
  no_terminal: 'A question has to be asked, and there is no terminal to ask on.',
  not_a_file: 'The path is not that of a file.',
  not_text: 'The input is not text.',
  output_exists: 'The file to write to is there already.',
  partial_list:
    'A list is known to lack rows, or has some that are not good, so that nothing may be removed for not being in it.',
  passphrase_twice: 'The passphrase is given in more than one way.',
  passphrases_differ: 'The passphrase was typed in two different ways.',
  port_in_use: 'The server cannot listen on its port: another program does already, or the user may not.',
  proxy: 'A variable of the environment names no usable proxy.',
  second_header: 'A row of the file repeats its header.',
  too_large: 'The upload is larger than the server takes.',
  unclosed_quote: 'A quote in the CSV file is not closed.',
  unknown_batch: 'There is no such batch.',
  unknown_column: 'The file has a column that means nothing.',
  unknown_job: 'There is no such job.',
  unknown_worker: 'There is no such worker, or more than one is meant.',
  unnamed_column: 'A column of the file has no name.',
  unproven_list:
    'A list does not prove that it was not cut, so that nothing may be removed for not being in it.',
  unreadable_config: 'The configuration file cannot be opened.',
  unreadable_file: 'The file cannot be opened.',
  unsafe_directory: 'The directory for `cozy-fleet up` could be read or changed by others.',
  unset_variable: 'The configuration asks for a variable that is not set.',
  unwritable_output: 'The file to write to cannot be made.',
  usage: 'The command line is wrong: a flag or an argument.',
} as const;

/** Why an application cannot be had. */
const APPS = {
  app_archive: 'The archive or directory holds what no application may hold.',
  app_busy: 'The application is being installed or updated by somebody else.',
  app_cache: 'The cache of this machine is full or cannot be written.',
  app_changed: 'The application changed while it was installed.',
  app_checksum: 'What was fetched is not what the registry announced.',
  app_host: 'The application would come from a private server that the configuration does not name.',
  app_konnector:
    'Accounts of the konnector have to be deleted at their providers, and no stack is known that does it.',
  app_linked: 'An OAuth client of the instance uses the application that is to be uninstalled.',
  app_manifest: 'The manifest of the application is not one.',
  app_not_found: 'No registry knows the application, or nothing is where its source points.',
  app_outrun: 'The source has another version than a plan has shown.',
  app_permissions: 'The permissions of the installed application are not there, or cannot be read.',
  app_rebuilt: 'The code of another build of the same version of the application is there.',
  app_registry: 'A registry did not answer, or not with what it should.',
  app_too_large: 'The application is larger than an application may be.',
  app_unreachable: 'The code of the application could not be fetched.',
  app_unusable_source: 'The application was installed from a source that cannot be used here.',
} as const;

/** What else goes wrong in commands and workers. */
const FAILURES = {
  aborted: 'The question was not answered with what was asked for.',
  account_hook: 'A konnector failed to delete accounts at their provider.',
  apps: 'The instance is in use without all of the applications that it was to have.',
  apps_not_uninstalled: 'Some applications of the instance could not be uninstalled.',
  apps_not_updated: 'Some applications of the instance could not be updated.',
  bad_fleet_record: "The fleet's record in CouchDB is not one that cozy-fleet wrote.",
  bad_payload: 'What Redis keeps of a job is not what this version writes.',
  bad_record: 'What Redis keeps of a row is not what this version writes.',
  bad_seal: 'The passphrase was sealed for another fleet, another domain or another job.',
  busy: 'Another job, or another command, works on the instance.',
  cancelled: 'The job was cancelled.',
  clocks: 'The clocks of this machine and of CouchDB are apart, and nobody can tell which of them is right.',
  couch_cannot_listen: 'The embedded CouchDB cannot listen on its port.',
  couch_not_started: 'The embedded CouchDB did not start.',
  couchdb: 'CouchDB did not answer a request, or refused it.',
  couchdb_intercepted: 'Something between here and CouchDB answered in its place.',
  couchdb_refused: 'CouchDB does not let the user in, or not do what is needed.',
  couchdb_tls: 'TLS does not let this machine trust CouchDB.',
  couchdb_unreachable: 'CouchDB does not answer.',
  database_stuck: 'CouchDB says that a database is there, and cannot read it.',
  databases_unlisted: 'The list of databases does not agree with what is there.',
  disabled: 'The configuration switches `add` and `destroy` off.',
  done_before: 'The date was carried out before: an earlier state of CouchDB was put back since.',
  ended: 'The job or the batch has ended: there is nothing to stop, or to hold back.',
  exists: 'The instance is there already.',
  foreign_request: "The request comes from another site's page, or lacks the token of a form of ours.",
  export_broken: 'A part of an archive of an instance was cut or changed on its way.',
  export_busy:
    'The stack is exporting the instance already, or was when a worker of it died: then it goes on after a day at the most.',
  export_changed: 'The instance was changed while it was exported, or after it.',
  export_elsewhere:
    'Something of the instance was deleted, and the archive that has it is not on this machine, or not whole.',
  export_failed: 'The stack has not made an archive of the instance.',
  export_incomplete: 'The archive of the instance lacks something, or has it otherwise than CouchDB says.',
  export_place:
    'The directory for archives is not there, cannot be written, or is full. The job waits for it, or for a worker that has it; `batches show`, `batches watch` and `jobs show` say on which host.',
  forged: 'The job was not queued by a command of this fleet, or was changed since.',
  guard: 'The work would destroy or block more of the fleet than is done without saying how many.',
  halted: 'The batch was stopped: its waiting rows are passed over.',
  handed_back: 'The worker was stopped and gave the job back.',
  internal: "A mistake in the program; the worker's log has more.",
  lookup_lags: 'A node of CouchDB does not know yet what was written on another one.',
  lost: 'Redis has lost the row or its job.',
  lost_batch: 'Redis has lost the batch.',
  lost_job: 'Redis has lost the job.',
  lost_lock: "The worker lost the job's lock; another one may have it.",
  lost_names: 'The hold on the names of an instance was lost while a command changed it.',
  missing_variable: 'The embedded CouchDB was started without a variable that it needs.',
  newer_job: 'A later job for the same instance has come after this one.',
  no_cluster: 'No CouchDB cluster is open to creation.',
  no_credentials: 'The request came without the admin passphrase.',
  findings: 'A check has found something wrong with the instance.',
  no_instances: 'CouchDB has no list of instances.',
  no_report: 'No report of what instances are used for was kept.',
  no_room_for_input: 'The input cannot be kept while it is read.',
  no_way_in: 'The document would have neither a register token nor a passphrase.',
  not_failed: 'The job has not failed, so that it cannot be tried again.',
  not_its_job: 'The row has no job of its own.',
  other: 'A job failed with a code that this version does not know; the message begins with it.',
  pool_item_lost: 'Databases made beforehand went to another instance, or are being removed.',
  pool_item: 'An item of the pool is not what was made, or not as it was written into its books.',
  pouchdb_missing: 'The packages of the embedded CouchDB are not installed.',
  rag: 'The RAG server has not deleted what it has of the instance.',
  redis: 'Redis refused a command.',
  redis_away: 'Redis did not answer.',
  redis_cluster:
    'Redis is a node of a cluster and the configuration does not say so, or the other way round.',
  redis_database: 'Redis has no such database.',
  redis_forbidden: 'Redis does not let its user do what is needed.',
  redis_left_over: 'A Redis of an earlier run does not stop.',
  redis_login: 'Redis does not let the user in.',
  redis_missing: 'There is no redis-server on this machine.',
  redis_not_started: 'redis-server did not start.',
  redis_replica: 'Redis is a replica, which takes no writes.',
  redis_sentinel: 'Redis is a sentinel, which keeps no data.',
  redis_tls: 'A file that TLS to Redis needs cannot be read.',
  redis_unreachable: 'Redis does not answer, or went away.',
  replaced: 'Something else has taken the place of a directory while it was worked on.',
  server_busy: 'The server does as much of that at once as it may.',
  serve_not_started: 'The pages and the admin API of `cozy-fleet up` could not be served.',
  sessions_busy: 'Sessions of the instance are written faster than they are deleted.',
  skeleton: 'The first files of the instance are not on this machine as they were when the job was queued.',
  skeleton_quota: 'The first files of the instance do not fit into its disk quota.',
  skeleton_taken: 'Something that no document tells of has the places of first files of the instance.',
  stack_admin: 'The admin port of the stack does not answer, or not as a stack does.',
  stack_admin_refused: 'The admin port of the stack does not let us in.',
  stack_busy: 'A stack, or another worker, keeps a part of the instance locked.',
  stack_lock_lost: 'A lock of the stack was lost while it was needed.',
  stack_redis: "The stack's Redis refused a command.",
  stack_redis_away: "The stack's Redis does not answer.",
  stop_cut_short: 'A worker stopped before all of its jobs were handed back.',
  storage: 'An operation on the storage failed.',
  too_many_attempts: 'Too many wrong passphrases came from that address of late.',
  too_many_lacking: 'Too many instances have no database at all.',
  too_many_orphans: 'Too many databases or directories would be orphans.',
  unknown: 'An error without a code of its own.',
  unsafe_path: 'A domain or a path does not name exactly one place of the storage.',
  unusable_domain: 'The domain in a document cannot be one of an instance.',
  unwritable_stdout: 'Standard output cannot be written: what was printed is not whole.',
  vault_key_invalid: 'The key of the vault is not one.',
  vault_key_unreadable: 'The file with the key of the vault cannot be read.',
  vault_left: 'The passphrase was changed, but its vault was not.',
  vault_taken: "The vault is somebody else's, and the passphrase that goes with it has not come.",
  worker_not_started: 'The worker of `cozy-fleet up` did not start.',
  wrong_admin_passphrase: 'The request came with another passphrase than the admin passphrase.',
  wrong_fleet: 'Redis, CouchDB and the storage do not belong to the same fleet.',
  wrong_user: 'The worker runs as another user than the one that owns the storage.',
} as const;

/** The work goes on, or some of it may have been done: exit code 130. */
const INTERRUPTIONS = {
  interrupted: 'The operator interrupted the command; some of it may have been done.',
} as const;

/** What an answer of CouchDB makes a job fail with: `couchdb_409`. */
type CouchStatusCode = `couchdb_${number}`;

/** Stands for all of them in lists. */
const COUCH_STATUS = 'couchdb_<status>';

export type InputErrorCode = keyof typeof INPUT;
export type RefusalCode = keyof typeof REFUSALS;
export type AppErrorCode = keyof typeof APPS;
export type ErrorCode =
  | InputErrorCode
  | RefusalCode
  | AppErrorCode
  | keyof typeof FAILURES
  | keyof typeof INTERRUPTIONS
  | CouchStatusCode;

export interface CodeMeaning {
  readonly code: string;
  /** Of a command that ends with such an error of its own. One that follows a job ends with 1 when that fails. */
  readonly exitCode: 1 | 2 | 130;
  /** One sentence. */
  readonly meaning: string;
}

/** All codes in the order of the alphabet, the codes of CouchDB's statuses as one. */
export const ERROR_CODES: readonly CodeMeaning[] = [
  ...meanings(INPUT, 2),
  ...meanings(REFUSALS, 1),
  ...meanings(APPS, 1),
  ...meanings(FAILURES, 1),
  ...meanings(INTERRUPTIONS, 130),
  ...meanings({ [COUCH_STATUS]: 'CouchDB answered a request with that HTTP status.' }, 1),
].sort((one, other) => (one.code < other.code ? -1 : 1));

const KNOWN: ReadonlySet<string> = new Set(
  ERROR_CODES.map(({ code }) => code).filter((code) => code !== COUCH_STATUS),
);

/** Whether a text, such as one that another version stored, is a code of this version. */
export function isErrorCode(text: string): text is ErrorCode {
  return KNOWN.has(text) || /^couchdb_\d+$/.test(text);
}

/** Whether a code says that an operation on an instance was refused for good, for what the instance or another one is. */
export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSALS, code);
}

function meanings(group: Readonly<Record<string, string>>, exitCode: CodeMeaning['exitCode']): CodeMeaning[] {
  return Object.entries(group).map(([code, meaning]) => ({ code, exitCode, meaning }));
}
