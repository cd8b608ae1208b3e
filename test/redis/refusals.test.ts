import { expect } from 'chai';
import { isNotNow, isRedisAway, wantsAnotherServer } from '../../src/redis/refusals.ts';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

const REPLICA = "READONLY You can't write against a read only replica.";

describe('what a Redis refuses', () => {
  for (const text of [
    REPLICA,
    `ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -${REPLICA}`,
    `${REPLICA} script: f_1, on @user_script:1.`,
    'LOADING Redis is loading the dataset in memory',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  ]) {
    it(`has another server looked for: ${text}`, () => {
      expect(wantsAnotherServer(reply(text))).to.equal(true);
      expect(isNotNow(reply(text))).to.equal(true);
      expect(isRedisAway(reply(text))).to.equal(true);
    });
  }

  for (const text of [
    'CLUSTERDOWN The cluster is down',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'NOREPLICAS Not enough good replicas to write.',
    'ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -NOREPLICAS Not enough good replicas to write.',
    'NOREPLICAS Not enough good replicas to write. script: f_1, on @user_script:1.',
    'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
  ]) {
    it(`passes, and is no reason to look for another server: ${text}`, () => {
      expect(wantsAnotherServer(reply(text))).to.equal(false);
      expect(isRedisAway(reply(text))).to.equal(true);
    });
  }

  for (const text of [
    "ERR unknown command 'READONLYX', with args beginning with: ",
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    "NOPERM this user has no permissions to run the 'set' command",
    "OOM command not allowed when used memory > 'maxmemory'.",
    'ERR PREREADONLY x',
  ]) {
    it(`does not pass: ${text}`, () => {
      expect(wantsAnotherServer(reply(text))).to.equal(false);
      expect(isRedisAway(reply(text))).to.equal(false);
    });
  }
});

describe('a Redis that is away', () => {
  for (const [name, message] of [
    ['Error', 'Connection is closed.'],
    ['Error', 'Command timed out'],
    ['MaxRetriesPerRequestError', 'Reached the max retries per request limit (which is 1).'],
    ['ClusterAllFailedError', 'Failed to refresh slots cache.'],
    ['AbortError', 'Command aborted due to connection close'],
    ['Error', 'Too many Cluster redirections. Last error: Error: Connection is closed.'],
    ['Error', 'All sentinels are unreachable and retry is disabled. Last error: x'],
  ] as const) {
    it(`is told from ${name}: ${message}`, () => {
      expect(isRedisAway(Object.assign(new Error(message), { name }))).to.equal(true);
    });
  }

  it('is told from a transaction whose commands were taken back, as from one that was refused', () => {
    const aborted = Object.assign(new Error('Command aborted due to connection close'), {
      name: 'AbortError',
    });
    for (const previous of [aborted, reply(REPLICA)]) {
      const failed = reply('EXECABORT Transaction discarded because of previous errors.');
      expect(isRedisAway(Object.assign(failed, { previousErrors: [previous, previous] }))).to.equal(true);
    }
  });

  it('is not told from a transaction with a command that was refused for good', () => {
    const failed = reply('EXECABORT Transaction discarded because of previous errors.');
    const previousErrors = [reply("NOPERM this user has no permissions to run the 'set' command")];
    expect(isRedisAway(Object.assign(failed, { previousErrors }))).to.equal(false);
  });

  for (const [name, message] of [
    ['AbortError', 'The operation was aborted'],
    ['TypeError', 'x is not a function'],
    ['Error', 'a text that says Connection is closed.'],
  ] as const) {
    it(`is not told from ${name}: ${message}`, () => {
      expect(isRedisAway(Object.assign(new Error(message), { name }))).to.equal(false);
    });
  }
});
