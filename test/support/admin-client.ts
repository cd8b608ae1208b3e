import { OPERATOR_AUTHORIZATION } from './web.ts';

/** What a request to the admin port was answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a JSON answer; undefined for any other. */
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is for each test to say
  readonly json: any;
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request line such as `PATCH /instances/alice.example.org?Locale=fr`, as the operator unless told otherwise. */
export async function send(
  adminUrl: string,
  line: string,
  { headers = {}, body }: Sent = {},
): Promise<Answer> {
  const [method = '', path = ''] = line.split(' ');
  const response = await fetch(`${adminUrl}${path}`, {
    method,
    headers: { authorization: OPERATOR_AUTHORIZATION, ...headers },
    ...(body !== undefined && { body }),
    redirect: 'manual',
  });
  const text = await response.text();
  const isJson = /^application\/(vnd\.api\+)?json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : undefined,
  };
}
