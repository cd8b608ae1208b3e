/** Name of the one BullMQ queue. */
export const QUEUE_NAME = 'instances';

/** Names of everything we keep in Redis, all under one hash tag so that a script may touch any of it. */
export interface Keys {
  /** `prefix` option of BullMQ. */
  readonly bullPrefix: string;
  /** Key of a job's hash, or of one of the queue's sets. */
  bull(part: string): string;
  /** Which job holds a domain or an alias, and which held it last. */
  name(name: string): string;
  /** Batch rows that wait for the job of another batch. */
  joined(jobId: string): string;
  /** Set while an operator wants that job to stop; its value names the operator. */
  cancel(jobId: string): string;
  /** Channel on which changes of that job are announced, and its end (`redis/bell.ts`). */
  jobChannel(jobId: string): string;
  /** Channel on which a cancellation is announced at once. */
  readonly cancelChannel: string;
  readonly fleetId: string;
  /** Held by the process that makes the fleet's record. */
  readonly founding: string;
  /** All batches by time of creation. */
  readonly batches: string;
  batch(id: string): string;
  /** Batch row number → `state fence info`. */
  rows(batchId: string): string;
  /** Batch row number → kind of its job, of a batch of several kinds (`batches/row-kinds.ts`). */
  kinds(batchId: string): string;
  /** Batch row number → the row as its file has it, sealed (`fleet/original-rows.ts`). */
  originals(batchId: string): string;
  /** Number of rows by state; the same name with `:<state>` is the sorted set of that state's rows. */
  counts(batchId: string): string;
  /** Rows that ended, by the number of their ten seconds since 1970. */
  rate(batchId: string): string;
  /** Rows of a batch that wait at the gate, by their number. */
  held(batchId: string): string;
  /** Rows that were let through and have not come back, by when. */
  released(batchId: string): string;
  /** The rows of a canary, as long as it is one. */
  canary(batchId: string): string;
  /** Batches that have rows at the gate or let through, in the order of their turns. */
  readonly gate: string;
  /** Held for a while by the worker that looks after what was let through (`gate/sweep-gate.ts`). */
  readonly gateSweep: string;
  /** Number of rows by state, stage and code, of those that something went wrong with; their sets as in `counts`. */
  causes(batchId: string): string;
  /** Set while a command adds rows to that batch. */
  submitting(batchId: string): string;
  /** What a client submitted under a key of its own; by a digest of that. */
  submissionKey(digest: string): string;
  /** Channel on which the end of a batch is announced. */
  readonly batchChannel: string;
  /** Channel on which changes of that batch's rows are announced, and its end (`redis/bell.ts`). */
  rowsChannel(batchId: string): string;
  /** Notices of batches that are to be sent, by when (`batches/outbox.ts`). */
  readonly outbox: string;
  /** How a user and password fare on a CouchDB; by a digest of them. */
  login(host: string, digest: string): string;
  /** Times of the logins to a CouchDB that were, or may be, refused. */
  loginTries(host: string): string;
  /** Heartbeats of the workers by worker id, and the set of them by time. */
  worker(id: string): string;
  readonly workers: string;
  /** Set for as long as the lock of a dead worker would have lasted that was taken from the job (`queue/take-from-dead.ts`). */
  lateRequests(jobId: string): string;
  /** What was done to that domain, latest first (`queue/instance-history.ts`). */
  history(domain: string): string;
  /** Set while that worker is to take no further job (`redis/drain-orders.ts`). */
  drain(workerId: string): string;
  /** Who paused or limited the queue, and why (`queue/queue-controls.ts`). */
  readonly queueControls: string;
  /** Creations of that domain that were asked for over HTTP and not answered yet: job and digest of the request → clients. */
  unanswered(domain: string): string;
  /** What became of the request that came with that idempotency key. @param digest of the key */
  idempotency(digest: string): string;
  /** Id of the document of the instance that has that `uuid`, as it was found last. @param digest of the uuid */
  uuid(digest: string): string;
  /** Set from the sign-out of an operator until their session would have ended; by its id. */
  signedOut(session: string): string;
  /** Jobs that have ended, by kind and outcome (`queue/ended-jobs.ts`). */
  readonly endedJobs: string;
  /** Names of the places where jobs are (`index/place.ts`); the same name with `:<place>` is the sorted set of its members. */
  readonly index: string;
  /** How far jobs from before the index were entered (`workers/recovery/index-upkeep.ts`). */
  readonly indexFill: string;
  /** How far the index was looked through for what is gone. */
  readonly indexSweep: string;
  /** The same of the last minutes, by the number of their ten seconds since 1970. */
  readonly endedLately: string;
  /** Held for a while by the worker that looks for rows whose end was not recorded (`workers/recovery/reconcile.ts`). */
  readonly reconciling: string;
  /** Held for a while by the worker that looks after the pool; `of` says at what. */
  poolTurn(of: string): string;
  /** Set for a while by each worker that makes new instances there by these definitions (`queue/wanted-items.ts`). */
  poolWanted(cluster: number, definitions: string): string;
  /** What the keeper of the pool has found and done: hints alone, for CouchDB has the books (`jobs/pool/pool-hints.ts`). */
  readonly pool: string;
  /** Held by who registers a passphrase for that domain (`claims/take-turn.ts`). */
  turn(domain: string): string;
  /** Held for a while by the worker that looks for dates that are due. */
  readonly dateTurn: string;
  /** Set for a time once a date was taken back: a restored CouchDB may have it again. @param digest of it */
  dateGone(digest: string): string;
  /** How many wrong register tokens came of late from an address, or for an instance; `of` says which. */
  guesses(of: string): string;
}

/** @param prefix `fleet.prefix` of the configuration */
export function createKeys(prefix: string): Keys {
  const tag = `{${prefix}}`;
  return {
    bullPrefix: tag,
    bull: (part) => `${tag}:${QUEUE_NAME}:${part}`,
    name: (name) => `${tag}:name:${name}`,
    joined: (jobId) => `${tag}:joined:${jobId}`,
    cancel: (jobId) => `${tag}:cancel:${jobId}`,
    jobChannel: (jobId) => `${tag}:job:${jobId}`,
    cancelChannel: `${tag}:cancel`,
    fleetId: `${tag}:id`,
    founding: `${tag}:founding`,
    batches: `${tag}:batches`,
    batch: (id) => `${tag}:batch:${id}`,
    rows: (batchId) => `${tag}:batch:${batchId}:rows`,
    kinds: (batchId) => `${tag}:batch:${batchId}:kinds`,
    originals: (batchId) => `${tag}:batch:${batchId}:originals`,
    counts: (batchId) => `${tag}:batch:${batchId}:counts`,
    rate: (batchId) => `${tag}:batch:${batchId}:rate`,
    held: (batchId) => `${tag}:batch:${batchId}:held`,
    released: (batchId) => `${tag}:batch:${batchId}:released`,
    canary: (batchId) => `${tag}:batch:${batchId}:canary`,
    gate: `${tag}:gate`,
    gateSweep: `${tag}:gate-sweep`,
    causes: (batchId) => `${tag}:batch:${batchId}:causes`,
    submitting: (batchId) => `${tag}:batch:${batchId}:submitting`,
    submissionKey: (digest) => `${tag}:submission:${digest}`,
    batchChannel: `${tag}:batch`,
    rowsChannel: (batchId) => `${tag}:batch:${batchId}`,
    outbox: `${tag}:outbox`,
    login: (host, digest) => `${tag}:login:${host}:${digest}`,
    loginTries: (host) => `${tag}:login-tries:${host}`,
    worker: (id) => `${tag}:worker:${id}`,
    workers: `${tag}:workers`,
    lateRequests: (jobId) => `${tag}:late:${jobId}`,
    history: (domain) => `${tag}:history:${domain}`,
    drain: (workerId) => `${tag}:drain:${workerId}`,
    queueControls: `${tag}:queue-controls`,
    unanswered: (domain) => `${tag}:unanswered:${domain}`,
    idempotency: (digest) => `${tag}:idempotency:${digest}`,
    uuid: (digest) => `${tag}:uuid:${digest}`,
    signedOut: (session) => `${tag}:signed-out:${session}`,
    endedJobs: `${tag}:ended-jobs`,
    index: `${tag}:index`,
    indexFill: `${tag}:index-fill`,
    indexSweep: `${tag}:index-sweep`,
    endedLately: `${tag}:ended-lately`,
    reconciling: `${tag}:reconciling`,
    poolTurn: (of) => `${tag}:pool-turn:${of}`,
    poolWanted: (cluster, definitions) => `${tag}:pool-wanted:${cluster}:${definitions}`,
    pool: `${tag}:pool`,
    turn: (domain) => `${tag}:turn:${domain}`,
    dateTurn: `${tag}:date-turn`,
    dateGone: (digest) => `${tag}:date-gone:${digest}`,
    guesses: (of) => `${tag}:guesses:${of}`,
  };
}
