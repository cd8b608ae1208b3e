import type { PoolItem } from '../../instances/pool/pool-item.ts';

/** What is known of an item when it is judged. */
export interface ItemFacts {
  readonly item: PoolItem;
  /** `fleet.prefix` of this fleet. */
  readonly fleet: string;
  /** Whether its job has not ended; looked at after the item was read. */
  readonly isLive: boolean;
  /** Whether some worker could claim it: on a cluster that is open, of the right definitions; undefined = not known. */
  readonly isOfUse: boolean | undefined;
  /** Whether a document could mean its databases: asked only where that decides. */
  isMeant(): Promise<boolean>;
}

/** What is to be done with an item. */
export type ItemVerdict =
  | 'keep'
  /** It becomes `removing`. */
  | 'remove'
  /** It is an instance's by now: the books need it no more. */
  | 'forget'
  /** It is `removing`: its databases go, and then it. */
  | 'clear';

/**
 * Judges an item. Those of another fleet are its own, for nobody else knows whether its jobs live; what a job that lives has
 * is that job's.
 */
export async function judgeItem({ item, fleet, isLive, isOfUse, isMeant }: ItemFacts): Promise<ItemVerdict> {
  if (item.fleet !== fleet) return 'keep';
  switch (item.state) {
    case 'filling':
      return isLive ? 'keep' : 'remove';
    case 'ready':
      return isOfUse === false ? 'remove' : 'keep';
    case 'claimed':
      if (isLive) return 'keep';
      return (await isMeant()) ? 'forget' : 'remove';
    case 'removing':
      return 'clear';
    default:
      return item.state satisfies never;
  }
}
