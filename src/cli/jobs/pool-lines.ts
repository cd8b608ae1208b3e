import type { FillResult } from '../../operations/pool/fill-pool.ts';
import type { ClusterPool, PoolOverview } from '../../operations/pool/list-pool.ts';
import { count } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';
import { rowsText } from '../terminal/table.ts';

/** Items that are listed by themselves, in columns. */
const ITEM_HEAD = ['PREFIX', 'CLUSTER', 'STATE', 'SINCE', 'FLEET', 'JOB', 'DOMAIN'];

/** The pool as a whole, for people. @param live whether a person looks */
export function poolLines(pool: PoolOverview, live: boolean): string[] {
  const { clusters, unreadable, items } = pool;
  return [
    settingsLine(pool),
    ...clusters.map((cluster) => oneLine(clusterLine(cluster))),
    ...(unreadable.length === 0
      ? []
      : [
          oneLine(
            `${count(unreadable.length)} documents that are none of ours: ${unreadable.slice(0, 10).join(', ')}`,
          ),
        ]),
    ...(items === undefined
      ? []
      : rowsText(
          ITEM_HEAD,
          items.map(({ prefix, cluster, state, since, fleet, job, domain = '' }) => [
            ...[prefix, String(cluster), state, since, fleet, job, domain],
          ]),
          live,
        )),
  ];
}

function settingsLine({ size, low, reserve, window }: PoolOverview): string {
  if (size === 0) return 'No pool: fleet.pool.size is 0, so that nothing is filled or taken from.';
  const hours = window === undefined ? 'at any time' : `in ${window}`;
  return `Up to ${count(size)} items a cluster, filled again below ${count(low)} ${hours}; ${count(reserve)} are kept for single creations.`;
}

function clusterLine({
  cluster,
  host,
  open,
  ready,
  filling,
  claimed,
  removing,
  job,
  failure,
}: ClusterPool): string {
  const where = host === undefined ? 'not in the configuration' : open ? host : `${host}, closed to creation`;
  const numbers = `${count(ready)} ready, ${count(filling)} filling, ${count(claimed)} claimed, ${count(removing)} removing`;
  const work = job === undefined ? '' : `; job ${job} fills it`;
  const wrong = failure === undefined ? '' : `; the last job failed: ${failure}`;
  return `Cluster ${cluster} (${where}): ${numbers}${work}${wrong}`;
}

/** How filling ended, for people. */
export function filledLines({ pools, state }: FillResult, to: number): string[] {
  return pools.map(({ cluster, jobId, ready }) => {
    switch (state) {
      case 'queued':
        return `Cluster ${cluster}: queued as job ${jobId}. Watch it: cozy-fleet jobs watch ${jobId}`;
      case 'running':
        return `Cluster ${cluster}: ${count(ready)} of ${count(to)} ready; job ${jobId} goes on.`;
      case 'full':
      case 'not-full':
        return `Cluster ${cluster}: ${count(ready)} ready`;
      default:
        return state satisfies never;
    }
  });
}
