import { Agent, request } from 'undici';
import { parseUrl } from '../../config/urls.ts';
import { InputError, toError } from '../../errors.ts';
import type { Batch } from '../../jobs/batches/batches.ts';
import {
  dropNotice,
  type Notice,
  putOff,
  type Receiver,
  receiverOf,
  takeNotice,
} from '../../jobs/batches/outbox.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { noticeKey, noticeSignature, openAddress } from '../../jobs/fleet/notices.ts';
import type { Log } from '../../logger.ts';

/** How long a receiver may take, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** A notice is tried again after as long as it has waited already, within these bounds, in milliseconds. */
const SHORTEST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** Milliseconds after which it is given up. */
const GIVEN_UP_MS = 24 * 3_600_000;

/** Notices that are sent in one go. */
const MOST_AT_ONCE = 20;

/** What delivers notices. */
export interface NoticeServices {
  readonly fleet: KeyedFleet;
  readonly log: Log;
  /** Aborted when no further one is to be sent. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Sends the notices of batches that are due. Each is sent at least once: it is taken away when its receiver has
 * answered with a 2xx, and another worker takes it up where this one dies before.
 */
export async function deliverNotices({ fleet, log, signal, now = Date.now }: NoticeServices): Promise<void> {
  for (let sent = 0; sent < MOST_AT_ONCE && !signal.aborted; sent += 1) {
    const taken = await takeNotice(fleet);
    if (taken === undefined) return;
    const { notice } = taken;
    const wanted = notice && (await wantedOf(fleet, notice));
    if (notice === undefined || wanted === undefined) {
      await dropNotice(fleet, taken);
      continue;
    }
    const about = { batch: notice.batchId, event: notice.event, target: wanted.url.host };
    const failure = await post(wanted, fleet.sealKey, now(), signal);
    if (failure === undefined) {
      await dropNotice(fleet, taken);
      log.info('notice delivered', about);
      continue;
    }
    const age = Math.max(0, now() - notice.at);
    if (age > GIVEN_UP_MS) {
      await dropNotice(fleet, taken);
      log.error('notice given up', { ...about, problem: failure });
      continue;
    }
    await putOff(fleet, taken, now() + Math.min(Math.max(age, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS));
    log.warn('notice not delivered', { ...about, problem: failure });
  }
}

/** A notice that is to be sent. */
interface WantedNotice {
  readonly url: URL;
  readonly body: string;
}

/** Undefined where the batch is not kept any more, or notifies nobody. */
async function wantedOf(fleet: KeyedFleet, notice: Notice): Promise<WantedNotice | undefined> {
  const receiver = await receiverOf(fleet, notice.batchId);
  const url = parseUrl((receiver && openAddress(fleet.sealKey, receiver.address)) ?? '');
  if (receiver === undefined || url === undefined) return undefined;
  try {
    return {
      url,
      body: JSON.stringify(messageOf(notice, await fleet.batches.get(notice.batchId), receiver)),
    };
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** What a receiver is told: nothing that a person could be known by, as the name of a batch may. */
function messageOf({ number, event, at }: Notice, batch: Batch, { turnOf }: Receiver): object {
  const { id, kind, total, counts, createdAt, endedAt, halt } = batch;
  const iso = (time: number) => new Date(time).toISOString();
  return {
    id: `${id}-${number}`,
    type: `batch.${event}`,
    at: iso(at),
    batch: {
      id,
      kind,
      total,
      counts,
      createdAt: iso(createdAt),
      ...(endedAt !== undefined && { endedAt: iso(endedAt) }),
      ...(halt !== undefined && { halt }),
      ...(turnOf !== undefined && { turnOf }),
    },
  };
}

/** @returns why it was not taken, without anything of the address; undefined when it was */
async function post(
  { url, body }: WantedNotice,
  sealKey: string,
  now: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { username, password } = url;
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const agent = new Agent({ connect: { timeout: TIMEOUT_MS } });
  try {
    const answer = await request(bare, {
      method: 'POST',
      dispatcher: agent,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'cozy-fleet',
        'x-cozy-fleet-signature': noticeSignature(noticeKey(sealKey), Math.floor(now / 1000), body),
        ...(username !== '' && { authorization: `Basic ${login.toString('base64')}` }),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    // Redirects are not followed: the signed text goes where the operator said.
    return answer.statusCode >= 200 && answer.statusCode < 300 ? undefined : `status ${answer.statusCode}`;
  } catch (thrown) {
    const error = toError(thrown);
    return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  } finally {
    await agent.destroy();
  }
}
