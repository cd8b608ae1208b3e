import { count, readableSize } from '../../../quantity-text.ts';
import { type Finding, type Findings, findingsOf } from '../finding.ts';
import type { RedisNodeFacts } from './redis-facts.ts';

const found: Findings = findingsOf('redis');

/** What BullMQ refuses below, and what it advises (`docs/bullmq.md`). */
const OLDEST = [5, 0] as const;
const ADVISED = [6, 2] as const;

/** Of the memory that a Redis may have, or of the machine's where there is no limit, how much is much. */
const MUCH = 0.8;

/** What is judged by what one Redis says of itself. */
export function judgeRedisNode(node: RedisNodeFacts): Finding[] {
  const { address, info } = node;
  if (info === undefined) {
    const text = `Redis at ${address} does not let our user ask how it is (INFO): version, memory and persistence are unknown`;
    return [
      found.warn('info', text, 'Allow it: ACL SETUSER <user> +info +config|get'),
      ...judgeEviction(node),
    ];
  }
  return [
    judgeVersion(address, info),
    ...judgeAppendOnlyFile(node, info),
    ...judgeEviction(node),
    judgeMemory(node, info),
    ...judgeWrites(node, info),
  ];
}

type Info = ReadonlyMap<string, string>;

function judgeVersion(address: string, info: Info): Finding {
  const version = info.get('redis_version') ?? '';
  const name =
    info.get('server_name') === 'valkey' ? `Valkey ${info.get('valkey_version') ?? ''}` : `Redis ${version}`;
  const numbers = version.split('.').map(Number);
  const text = `${name} at ${address}`;
  if (!/^\d+\.\d+/.test(version)) return found.ok('version', `Redis at ${address} does not say its version`);
  if (isBelow(numbers, OLDEST)) {
    return found.fail(
      'version',
      `${text} is older than ${OLDEST.join('.')}, which the queue needs`,
      'Upgrade it to 7.0 or later.',
    );
  }
  return isBelow(numbers, ADVISED)
    ? found.warn(
        'version',
        `${text} is older than ${ADVISED.join('.')}, which the queue is made for`,
        'Upgrade it to 7.0 or later.',
      )
    : found.ok('version', text);
}

function isBelow(
  [major = 0, minor = 0]: readonly number[],
  [least, leastMinor]: readonly [number, number],
): boolean {
  return major < least || (major === least && minor < leastMinor);
}

function judgeAppendOnlyFile({ settings }: RedisNodeFacts, info: Info): Finding[] {
  const isOn = info.get('aof_enabled');
  if (isOn === undefined)
    return [found.ok('append-only-file', 'whether it has an append-only file, it does not say')];
  if (isOn !== '1') return [withoutFile(settings?.get('save'))];
  const sync = settings?.get('appendfsync');
  switch (sync) {
    case undefined:
      return [
        found.ok(
          'append-only-file',
          'append-only file on; how often it goes to the disk may not be asked (CONFIG GET)',
        ),
      ];
    case 'always':
      return [found.ok('append-only-file', 'append-only file on, appendfsync always')];
    default: {
      const loses =
        sync === 'everysec' ? 'the jobs of a second that were acknowledged' : 'jobs that were acknowledged';
      const text = `append-only file on, but appendfsync ${sync}: a loss of power takes ${loses}`;
      return [
        found.warn(
          'append-only-file',
          text,
          `${configSet('appendfsync', 'always')}; it costs about 0.3 ms a write`,
        ),
      ];
    }
  }
}

function withoutFile(snapshots: string | undefined): Finding {
  const advice = configSet('appendonly', 'yes');
  if (snapshots === '') {
    return found.fail(
      'append-only-file',
      'neither an append-only file nor snapshots: when it ends, all jobs are gone',
      advice,
    );
  }
  const often = snapshots === undefined ? '' : ` (save ${snapshots})`;
  const text = `no append-only file: jobs since its last snapshot${often} are gone when it ends`;
  return found.warn('append-only-file', text, advice);
}

/** How a setting is changed now, and for the next start. */
function configSet(name: string, value: string): string {
  return `redis-cli CONFIG SET ${name} ${value}, and \`${name} ${value}\` in redis.conf`;
}

function judgeEviction({ settings, info }: RedisNodeFacts): Finding[] {
  const policy = settings?.get('maxmemory-policy') ?? info?.get('maxmemory_policy');
  const evicted = Number(info?.get('evicted_keys') ?? 0);
  if (policy === undefined) {
    const text = 'whether it throws keys away when it is full cannot be asked';
    return [found.warn('eviction', text, 'Make sure that its maxmemory-policy is noeviction.')];
  }
  const findings =
    policy === 'noeviction'
      ? [found.ok('eviction', 'maxmemory-policy noeviction')]
      : [
          found.fail(
            'eviction',
            `maxmemory-policy ${policy}: a full Redis would throw jobs and batches away`,
            configSet('maxmemory-policy', 'noeviction'),
          ),
        ];
  if (evicted > 0) {
    const text = `${count(evicted)} keys were thrown away since it started: jobs or batches may be among them`;
    const advice =
      'Look with `cozy-fleet batches ls` what is missing, and submit those files again: what is done is skipped.';
    findings.push(found.warn('evicted', text, advice));
  }
  return findings;
}

function judgeMemory({ settings, keys }: RedisNodeFacts, info: Info): Finding {
  const used = Number(info.get('used_memory') ?? Number.NaN);
  const limit = Number(settings?.get('maxmemory') ?? info.get('maxmemory') ?? 0);
  const machine = Number(info.get('total_system_memory') ?? 0);
  const holds = keys === undefined ? '' : `, ${count(keys)} keys in this database`;
  if (Number.isNaN(used)) return found.ok('memory', `how much memory it uses, it does not say${holds}`);
  const most = limit > 0 ? limit : machine;
  const of = limit > 0 ? ` of maxmemory ${readableSize(limit)}` : ' used, no maxmemory';
  const text = `${readableSize(used)}${of}${holds}`;
  if (limit > 0 && used >= limit) {
    return found.fail(
      'memory',
      `full: ${text}; nothing can be queued`,
      `redis-cli CONFIG SET maxmemory <more than ${limit} bytes>, and in redis.conf`,
    );
  }
  if (most > 0 && used > most * MUCH) {
    const whose = limit > 0 ? 'Raise maxmemory' : 'Give the machine more memory';
    return found.warn('memory', `nearly full: ${text}`, `${whose}: when it is full, nothing can be queued.`);
  }
  return found.ok('memory', text);
}

function judgeWrites({ settings }: RedisNodeFacts, info: Info): Finding[] {
  const findings: Finding[] = [];
  const advice = 'Look at its log, and at the room on its disk and who may write there (CONFIG GET dir).';
  if (info.get('loading') === '1') {
    findings.push(found.fail('loading', 'it still loads its data', 'Wait until it has.'));
  }
  if (info.get('aof_last_write_status') === 'err') {
    findings.push(
      found.fail('append-only-file-write', 'the last write to its append-only file failed', advice),
    );
  }
  if (info.get('aof_last_bgrewrite_status') === 'err') {
    findings.push(
      found.warn(
        'append-only-file-rewrite',
        'the last rewriting of its append-only file failed: the file only grows',
        advice,
      ),
    );
  }
  if (info.get('rdb_last_bgsave_status') === 'err') {
    const stops = settings?.get('stop-writes-on-bgsave-error') !== 'no' && settings?.get('save') !== '';
    const text = 'its last snapshot failed';
    findings.push(
      stops
        ? found.fail('snapshot', `${text}, and it takes no writes until one goes well`, advice)
        : found.warn('snapshot', text, advice),
    );
  }
  return findings.length > 0 ? findings : [found.ok('writes', 'what was written last has reached its disk')];
}
