import type { IncomingMessage } from 'node:http';
import type { Subdomains } from '../../instances/domains/domain.ts';
import type { InstanceNames } from '../../instances/lookup/instance-map.ts';
import { askedHost } from './asked-host.ts';
import { isDisguised } from './disguised-host.ts';
import { type ResolvedHost, resolveHost } from './resolve-host.ts';

/** What is known of the host of a request. */
export type JudgedHost =
  | ResolvedHost
  /** The request does not say for which host it is. */
  | { readonly kind: 'bad' }
  /** Nobody's for us, but a stack may find somebody by it. */
  | { readonly kind: 'disguised' }
  /** CouchDB was not heard for so long that nothing may be said. */
  | { readonly kind: 'unsure' };

export interface HostJudge {
  /** The same answer for all of a request, from the first time it is asked. */
  judge(request: IncomingMessage): JudgedHost;
}

/** @param names undefined where nothing may be said */
export function createHostJudge(names: () => InstanceNames | undefined, subdomains: Subdomains): HostJudge {
  const judged = new WeakMap<IncomingMessage, JudgedHost>();

  function look(request: IncomingMessage): JudgedHost {
    const asked = askedHost(request, request.url ?? '');
    if (asked.kind === 'bad') return asked;
    const known = names();
    if (known === undefined) return { kind: 'unsure' };
    const resolved = resolveHost(asked.host, known, subdomains);
    return resolved.kind === 'nobody' && isDisguised(asked.host) ? { kind: 'disguised' } : resolved;
  }

  return {
    judge(request) {
      const known = judged.get(request) ?? look(request);
      judged.set(request, known);
      return known;
    },
  };
}
