/** What the contact is made of; the two texts come from the settings of the instance. */
export interface Myself {
  readonly email?: string | undefined;
  readonly publicName?: string | undefined;
  /** Without trailing slash. */
  readonly cozyUrl: string;
}

/** The contact that stands for the owner; the caller that stores it chooses the `_id`. */
export interface MyselfContact {
  readonly me: true;
  readonly email?: readonly { readonly address: string; readonly primary: true }[];
  readonly fullname?: string;
  readonly displayName?: string;
  readonly cozy: readonly { readonly url: string; readonly primary: true }[];
  readonly indexes: { readonly byFamilyNameGivenNameEmailCozyUrl: string };
}

/** The owner's own contact, named after the public name, else the email (`docs/cozy-data.md` §3.3). */
export function myselfContact({ email, publicName, cozyUrl }: Myself): MyselfContact {
  return {
    me: true,
    ...(email ? { email: [{ address: email, primary: true }] } : {}),
    ...names(email, publicName),
    cozy: [{ url: cozyUrl, primary: true }],
    indexes: { byFamilyNameGivenNameEmailCozyUrl: email || cozyUrl },
  };
}

function names(email?: string, publicName?: string): Pick<MyselfContact, 'fullname' | 'displayName'> {
  if (publicName) return { fullname: publicName, displayName: publicName };
  if (email) {
    const [fullname = ''] = email.split('@', 1);
    return { fullname, displayName: email };
  }
  return {};
}
