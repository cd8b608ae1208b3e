import { cozyUrl, type Scheme } from '../../instances/domains/registration-link.ts';
import type { HostAnswer } from '../host-answer.ts';
import { browserHost } from './resolve-host.ts';

/** Where a form of an instance's page may lead: to the instance, which may have been asked for by another of its names. */
export function formTarget(scheme: Scheme, answer: HostAnswer): string | undefined {
  if (answer.state !== 'onboarding' && answer.state !== 'ready') return undefined;
  const host = browserHost(answer.instance.domain);
  return host && cozyUrl(scheme, host);
}
