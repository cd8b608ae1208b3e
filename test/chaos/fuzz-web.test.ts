import { expect } from 'chai';
import fc from 'fast-check';
import pLimit from 'p-limit';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { type RawAnswer, sendBytes } from '../support/raw-http.ts';
import { OPERATOR_AUTHORIZATION, startTestWeb, type TestWeb } from '../support/web.ts';

/** Requests to each server; more of them by hand. */
const CASES = Number(process.env['FUZZ_CASES'] ?? 3_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const AT_ONCE = 24;

/** What no page may show as it is, and no header may hold as a line of its own. */
const MARKUP = '<i id="fuzz">';
const HEADER = 'x-fuzz: 1';

const SECRETS = {
  session_secret: Buffer.alloc(64, 'session-secret-').toString('base64'),
  oauth_secret: Buffer.alloc(128, 'oauth-secret-').toString('base64'),
  cli_secret: Buffer.alloc(128, 'cli-secret-').toString('base64'),
  passphrase_hash: Buffer.from('scrypt$32768$8$1$aa$hash-of-somebody').toString('base64'),
};
const REGISTER_TOKEN = Buffer.alloc(16, 'register-token').toString('base64');

interface Fuzzed {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string;
  /** Whether the length of the body is told; else what follows is another request, and none that can be read. */
  readonly isTold: boolean;
}

function written({ method, target, headers, body, isTold }: Fuzzed): Buffer {
  const length = isTold ? [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`] : [];
  const lines = [`${method} ${target} HTTP/1.1`, ...headers, ...length, 'Connection: close', '', body];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

const junk = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    MARKUP,
    `"${MARKUP}`,
    `'>${MARKUP}`,
    encodeURIComponent(MARKUP),
    `%0d%0a${HEADER}`,
    `\r\n${HEADER}`,
    '%00',
    '%',
    '%zz',
    '%ff%fe',
    '../../etc/passwd',
    '..%2f..%2f',
    '//evil.example',
    '\\\\evil.example',
    '__proto__',
    'constructor',
    '-1',
    '1e309',
    'null',
    '[]',
    '{}',
    '\u202e',
    'a'.repeat(5_000),
  ),
);

/** Junk that the parser of HTTP lets through, for the most part: what it refuses never reaches our code. */
const legal = fc.oneof(
  { weight: 30, arbitrary: junk.map((text) => text.replaceAll(/[^\x20-\x7e\x80-\xff]/g, '')) },
  { weight: 1, arbitrary: junk },
);

const method = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS') },
  { weight: 1, arbitrary: fc.constantFrom('TRACE', 'CONNECT', 'PROPFIND', 'get', 'G\tT', '', 'M-SEARCH') },
);

/** @param known paths that mean something there */
function targets(known: readonly string[], parameters: readonly string[]) {
  const path = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...known) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom(...known), legal).map(([base, more]) => `${base}/${more}`),
    },
    { weight: 2, arbitrary: legal.map((text) => `/${text}`) },
    {
      weight: 1,
      arbitrary: fc.oneof(
        legal,
        fc.constantFrom(
          '*',
          '',
          'http://evil.example/',
          'http://fuzz-used.example.org/',
          'https://[::1]/',
          '/\u0000',
        ),
      ),
    },
  );
  const query = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...parameters), legal), legal), { maxLength: 4 });
  return fc
    .tuple(path, query)
    .map(([base, pairs]) =>
      pairs.length === 0 ? base : `${base}?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`,
    )
    .map((target) => target.replaceAll(/[ \n\r]/g, '%20'));
}

function headers(hosts: readonly string[]) {
  const host = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...hosts).map((each) => [`Host: ${each}`]) },
    { weight: 2, arbitrary: legal.map((text) => [`Host: ${text}`]) },
    {
      weight: 1,
      arbitrary: fc.constantFrom([], ['Host: a.example', 'Host: b.example'], ['Host:'], ['Host:  ']),
    },
  );
  const other = fc.oneof(
    legal.map((text) => `Accept: ${text}`),
    fc.constantFrom(
      'Accept: application/json',
      'Accept: text/html',
      'Accept: */*;q=nope',
      'Accept-Language: fr-FR, *;q=0.1',
      'Content-Type: application/json',
      'Content-Type: application/x-www-form-urlencoded',
      'Content-Type: multipart/form-data; boundary=x',
      'Content-Type: text/csv',
      'Content-Type: application/json; charset=utf-7',
      'X-Forwarded-Host: fuzz-used.example.org',
      'X-Forwarded-For: 1.2.3.4, 5.6.7.8',
      'X-Forwarded-Proto: javascript',
      'Upgrade: websocket',
      'Expect: 100-continue',
      'Range: bytes=0-999999999',
      'If-None-Match: *',
      'Idempotency-Key: k',
      'Last-Event-ID: 99999999999999999999',
      'Sec-Fetch-Site: cross-site',
      'Transfer-Encoding: chunked',
      'Content-Length: 99999999999999999999',
    ),
    legal.map((text) => `Authorization: ${text}`),
    legal.map((text) => `Authorization: Basic ${text}`),
    legal.map((text) => `Authorization: Bearer ${text}`),
    legal.map((text) => `Cookie: ${text}`),
    legal.map((text) => `Referer: ${text}`),
    legal.map((text) => `X-Junk: ${text}`),
  );
  return fc.tuple(host, fc.array(other, { maxLength: 5 })).map(([first, more]) => [...first, ...more]);
}

const isTold = fc.integer({ min: 0, max: 15 }).map((dice) => dice > 0);

const body = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: junk },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.tuple(
          fc.constantFrom(
            'register_token',
            'passphrase',
            'iterations',
            'key',
            'hint',
            'reason',
            '_csrf',
            'passphrase',
          ),
          junk,
        ),
        { maxLength: 6 },
      )
      .map((pairs) => new URLSearchParams(pairs).toString()),
  },
);

describe('both servers, asked nonsense', function () {
  this.timeout(600_000);

  let fleet: TestFleet;
  let web: TestWeb;
  let hosts: string[];

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    const used = fleet.domain('fuzz-used');
    const common = { ...SECRETS, indexes_version: 39 };
    await fleet.putInstance({ ...common, domain: used, onboarding_finished: true, password_defined: true });
    const open = fleet.domain('fuzz-open');
    await fleet.putInstance({ ...common, domain: open, register_token: REGISTER_TOKEN });
    const blocked = fleet.domain('fuzz-blocked');
    const reason = `"><script>${MARKUP}`;
    await fleet.putInstance({ ...common, domain: blocked, blocked: true, blocking_reason: reason });
    const unpaid = fleet.domain('fuzz-unpaid');
    await fleet.putInstance({ ...common, domain: unpaid, blocked: true, blocking_reason: 'PAYMENT_FAILED' });
    const going = fleet.domain('fuzz-going');
    await fleet.putInstance({ ...common, domain: going, deleting: true });
    hosts = [
      used,
      `drive.${used}`,
      open,
      blocked,
      unpaid,
      going,
      'nobody.example.org',
      'xn--zz--.example.org',
      'xn--a.example.org',
      `${used}:8080`,
      used.toUpperCase(),
      `${used}.`,
      '[::1]',
      `${'a'.repeat(300)}.example.org`,
      `user:pass@${used}`,
    ];
    web = await startTestWeb(fleet, { holdSeconds: 1, clouderyToken: 'cloudery-token-of-the-test' });
  });

  after(async () => {
    await web?.close();
    await fleet?.close();
  });

  /** @returns what is wrong with each answer, the first ones only */
  async function askAll(
    port: number,
    cases: readonly Fuzzed[],
    problemOf: (answer: RawAnswer) => string | undefined,
  ): Promise<string[]> {
    const limit = pLimit(AT_ONCE);
    const problems: string[] = [];
    await Promise.all(
      cases.map((each) =>
        limit(async () => {
          const request = written(each);
          const answer = await sendBytes(port, request);
          const problem = problemOf(answer) ?? commonProblem(answer);
          if (problem === undefined || problems.length > 10) return;
          problems.push(`${problem}: ${JSON.stringify(request.toString('latin1').slice(0, 600))}`);
        }),
      ),
    );
    return problems;
  }

  function commonProblem({ headers: fields, body: text }: RawAnswer): string | undefined {
    if ('x-fuzz' in fields) return 'a header was put in';
    const type = fields['content-type'] ?? '';
    if (!/json/.test(type) && text.includes(MARKUP)) return 'markup was repeated as it is';
    const secret = Object.entries(SECRETS).find(([, value]) => text.includes(value.slice(0, 40)));
    if (secret !== undefined) return `${secret[0]} was shown`;
    if (text.includes('secret@') || /redis:\/\/|node_modules|\bat .*\.ts:\d/.test(text))
      return 'the inside was shown';
    return undefined;
  }

  it(`answers everything at the public port (seed ${SEED})`, async () => {
    const known = [
      '/',
      '/settings/passphrase',
      '/auth/login',
      '/data/io.cozy.files/',
      '/.cozy-fleet/assets/pages.css',
    ];
    const parameters = ['registerToken', 'locale', 'redirect', 'passphrase'];
    const cases = fc.sample(
      fc.record({ method, target: targets(known, parameters), headers: headers(hosts), body, isTold }),
      { numRuns: CASES, seed: SEED },
    );
    const problems = await askAll(web.publicPort, cases, ({ status, body: text }) => {
      if (status >= 500 && status !== 503) return `status ${status}`;
      return text.includes(REGISTER_TOKEN) ? 'a register token was shown' : undefined;
    });
    expect(problems).to.deep.equal([]);
    expect((await fetch(`${web.publicUrl}/`)).status).to.equal(404);
  });

  for (const [who, authorization] of [
    ['a stranger', []],
    ['the operator', [`Authorization: ${OPERATOR_AUTHORIZATION}`]],
  ] as const) {
    it(`answers everything that ${who} asks at the admin port (seed ${SEED})`, async () => {
      const [used = '', , open = ''] = hosts;
      const known = [
        '/',
        '/instances',
        '/instances/count',
        '/instances/contexts',
        '/instances/token',
        `/instances/${used}`,
        `/instances/${open}/auth-mode`,
        `/instances/${used}/prefix`,
        `/instances/${used}/feature/flags`,
        `/instances/${used}/feature/sets`,
        `/instances/${used}/fsck`,
        '/version',
        '/metrics',
        '/api/v1/instances',
        '/api/v2/instances',
        '/api/v1/workflows/x',
        '/api/v1/features',
        '/fleet',
        '/fleet/sign-in',
        '/fleet/batches',
        '/fleet/batches/ABCDE',
        '/fleet/batches/ABCDE/events',
        '/fleet/batches/ABCDE/retry',
        '/fleet/jobs',
        '/fleet/jobs/x/cancel',
        '/fleet/workers',
        '/fleet/queue',
        '/fleet/openapi.json',
      ];
      const parameters = [
        'Domain',
        'Locale',
        'Blocked',
        'DiskQuota',
        'page[limit]',
        'page[cursor]',
        'state',
        'kind',
        'next',
      ];
      const cases = fc.sample(
        fc.record({ method, target: targets(known, parameters), headers: headers(hosts), body, isTold }),
        { numRuns: CASES, seed: SEED },
      );
      const signed = cases.map((each) => ({ ...each, headers: [...authorization, ...each.headers] }));
      const problems = await askAll(web.adminPort, signed, ({ status, body: text }) => {
        // A creation or a destruction that has no worker is held for as long as was said, and then it is 503.
        if (status >= 500 && status !== 503 && status !== 501) return `status ${status}`;
        const mayKnow = authorization.length > 0;
        return !mayKnow && text.includes(REGISTER_TOKEN) ? 'a register token was shown' : undefined;
      });
      expect(problems).to.deep.equal([]);
      const version = await fetch(`${web.adminUrl}/version`, {
        headers: { authorization: OPERATOR_AUTHORIZATION },
      });
      expect(version.status).to.equal(200);
    });
  }
});
