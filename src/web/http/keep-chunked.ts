import type { ProxyServer } from 'http-proxy-3';

/**
 * Has a proxy send bodies of unknown length on as such. The library takes them for none with methods such as DELETE, and
 * sends them all the same, which would make a second request of a body.
 */
export function keepChunked(proxy: ProxyServer): void {
  proxy.before('web', 'stream', (request) => {
    if (request.headersDistinct['transfer-encoding'] === undefined) return;
    delete request.headers['content-length'];
    request.headers['transfer-encoding'] = 'chunked';
  });
}
