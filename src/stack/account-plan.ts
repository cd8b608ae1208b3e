import type { StoredDocument } from '../couchdb/documents.ts';
import type { AccountDeletion } from './konnector-jobs.ts';

/** An account that is still there and whose konnector wants to know that it goes. */
export interface LiveDeletion extends AccountDeletion {
  readonly document: StoredDocument;
}

export interface AccountPlan {
  readonly live: readonly LiveDeletion[];
  /** Accounts deleted before, by their copies: by an earlier run of ours, or by their user. */
  readonly copied: readonly AccountDeletion[];
  /** Accounts whose konnector is not installed: without its manifest, whether it wants to know is unknown. */
  readonly unknown: readonly Pick<AccountDeletion, 'account' | 'konnector'>[];
}

/** Slug of the konnector an account is for; undefined for those of aggregators, which have none. */
export function konnectorOf(account: StoredDocument): string | undefined {
  const slug = account['account_type'];
  return typeof slug === 'string' && slug !== '' ? slug : undefined;
}

/**
 * What the accounts of an instance need before it goes (`docs/cozy-data.md` §6.4).
 * @param manifests installed konnectors by slug
 */
export function planAccounts(
  accounts: readonly StoredDocument[],
  copies: readonly StoredDocument[],
  manifests: ReadonlyMap<string, StoredDocument>,
): AccountPlan {
  const live: LiveDeletion[] = [];
  const unknown: AccountPlan['unknown'][number][] = [];
  for (const document of accounts) {
    const { _id: account, _rev: rev } = document;
    const konnector = konnectorOf(document);
    if (konnector === undefined) continue;
    const manifest = manifests.get(konnector);
    if (manifest === undefined) unknown.push({ account, konnector });
    else if (manifest['on_delete_account']) live.push({ account, rev, konnector, document });
  }
  const there = new Set(accounts.map(({ _id }) => _id));
  return { live, copied: copies.filter(({ _id }) => !there.has(_id)).flatMap(deletionOf), unknown };
}

function deletionOf(copy: StoredDocument): AccountDeletion[] {
  const konnector = konnectorOf(copy);
  const rev = copy['soft_deleted_rev'];
  return konnector === undefined || typeof rev !== 'string' ? [] : [{ account: copy._id, rev, konnector }];
}

/** The copy of an account that outlives it for its konnector, without the fields that are CouchDB's own. */
export function softDeleted({ document, rev }: LiveDeletion): {
  readonly _id: string;
  readonly soft_deleted_rev: string;
} {
  const own = Object.entries(document).filter(([key]) => key === '_id' || !key.startsWith('_'));
  return { ...Object.fromEntries(own), _id: document._id, soft_deleted_rev: rev };
}
