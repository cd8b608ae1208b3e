import { OPERATOR_PASSPHRASE, type TestWeb } from './web.ts';

/** What a browser sends with the forms of a page that it got from the same server. */
export const OWN_FORM = { 'sec-fetch-site': 'same-origin', accept: 'text/html' } as const;

/** Sends a form as browsers do, without following where it leads. */
export async function postForm(
  web: Pick<TestWeb, 'adminUrl'>,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return await fetch(`${web.adminUrl}${path}`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { ...OWN_FORM, ...headers },
    redirect: 'manual',
  });
}

/** Asks for a page as browsers do, without following where it leads. */
export async function getPage(
  web: Pick<TestWeb, 'adminUrl'>,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return await fetch(`${web.adminUrl}${path}`, {
    headers: { accept: 'text/html', ...headers },
    redirect: 'manual',
  });
}

/** The cookie that an answer sets, as it is sent back. */
export function cookieOf(response: Response): string {
  const [cookie = ''] = response.headers.getSetCookie();
  return cookie.split(';')[0] ?? '';
}

/** An operator who is signed in. */
export interface SignedIn {
  readonly cookie: string;
  /** Asks for a page. */
  get(path: string): Promise<Response>;
  /** Sends a form with the token of a page that this operator got. */
  post(path: string, fields?: Readonly<Record<string, string>>): Promise<Response>;
  token(): Promise<string>;
}

/** Signs in to the fleet page. */
export async function signedIn(web: TestWeb): Promise<SignedIn> {
  const answer = await postForm(web, '/fleet/sign-in', { passphrase: OPERATOR_PASSPHRASE });
  if (answer.status !== 303) throw new Error(`sign-in was answered with ${answer.status}`);
  const cookie = cookieOf(answer);
  const get = (path: string): Promise<Response> => getPage(web, path, { cookie });
  async function token(): Promise<string> {
    const page = await (await get('/fleet')).text();
    const { value } = /name="_csrf" value="(?<value>[^"]+)"/.exec(page)?.groups ?? {};
    if (value === undefined) throw new Error('the page has no form');
    return value.replaceAll('&#61;', '=');
  }
  return {
    cookie,
    get,
    token,
    post: async (path, fields = {}) => postForm(web, path, { ...fields, _csrf: await token() }, { cookie }),
  };
}
