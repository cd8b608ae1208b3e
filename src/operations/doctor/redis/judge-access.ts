import { type RedisTarget, redisAddress } from '../../../config/redis-target.ts';
import { settingOf } from '../../../jobs/redis/connect-fleet-redis.ts';
import { count } from '../../../quantity-text.ts';
import { type Finding, findingsOf } from '../finding.ts';
import { judgeRedisNode } from './judge-redis.ts';
import type { RedisFacts } from './redis-facts.ts';

const found = findingsOf('redis');

/** What is judged of a Redis that lets us in and has all commands that we need: `connectRedis` has looked. */
export function judgeRedis(target: RedisTarget, { nodes, letsAnybodyIn, batches }: RedisFacts): Finding[] {
  const address = redisAddress(target);
  const findings = [
    found.ok(
      'reachable',
      `${address} is no replica, and lets our user do all that is needed; ${batches === 1 ? '1 batch is' : `${count(batches)} batches are`} kept`,
    ),
    judgeStrangers(target, letsAnybodyIn),
  ];
  if (nodes.length === 0) {
    const text = `no master of ${address} is known`;
    findings.push(found.fail('masters', text, 'Look with CLUSTER NODES which of its masters are away.'));
  }
  return [...findings, ...nodes.flatMap(judgeRedisNode)];
}

function judgeStrangers(target: RedisTarget, letsAnybodyIn: boolean): Finding {
  const address = redisAddress(target);
  if (!letsAnybodyIn) return found.ok('password', `${address} takes no commands from strangers`);
  return found.warn(
    'password',
    `${address} lets in everybody who reaches it: they can read, stop and remove jobs`,
    `Set requirepass, or a user (ACL SETUSER), there and name it in ${settingOf(target)}.`,
  );
}
