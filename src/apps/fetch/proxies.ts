import { parseUrl } from '../../config/urls.ts';
import { InputError } from '../../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Empty texts where there is no proxy: for what is undefined, undici looks into the environment of the process. */
export interface Proxies {
  /** For `http:` URLs. */
  readonly httpProxy: string;
  readonly httpsProxy: string;
  /** Hosts that are reached without. */
  readonly noProxy: string;
}

/**
 * The proxies that an environment names, in small letters first, as curl does; without a scheme they are `http:`.
 *
 * @throws {InputError} `proxy`; it does not repeat what may hold a password
 */
export function proxiesOf(environment: Environment): Proxies {
  const named = (name: string): string => environment[name] || environment[name.toUpperCase()] || '';
  const proxyOf = (name: string): string => checkedProxy(name, named(name).trim());
  return {
    httpProxy: proxyOf('http_proxy'),
    httpsProxy: proxyOf('https_proxy'),
    noProxy: named('no_proxy'),
  };
}

function checkedProxy(name: string, value: string): string {
  if (value === '') return '';
  const url = parseUrl(value.includes('://') ? value : `http://${value}`);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href;
  throw new InputError(
    'proxy',
    `${name.toUpperCase()} in the environment names no http:// or https:// proxy`,
    {},
    'Give it as http://host:port, or leave it away.',
  );
}
