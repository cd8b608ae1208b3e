import type { MappedInstance } from '../../instances/lookup/mapped-instance.ts';
import type { HostAnswer, HostedInstance } from '../host-answer.ts';
import type { JudgedHost } from './host-judge.ts';

/** What a visitor is to be told. A request that does not say for whom it is, is for nobody. */
export function answerFor(judged: JudgedHost): HostAnswer {
  switch (judged.kind) {
    case 'bad':
    case 'disguised':
    case 'nobody':
      return { state: 'unknown' };
    case 'unsure':
      return { state: 'unsure' };
    case 'former':
      return { state: 'renamed', domain: judged.host };
    case 'instance':
      return answerOf(judged.instance);
  }
}

function answerOf({ standing, ...instance }: MappedInstance): HostAnswer {
  const hosted: HostedInstance = instance;
  switch (standing.state) {
    case 'deleting':
      return { state: 'unknown' };
    case 'blocked':
      return { state: 'blocked', instance: hosted, reason: standing.reason };
    case 'provisioning':
    case 'moved':
    case 'onboarding':
    case 'ready':
      return { state: standing.state, instance: hosted };
  }
}

/** Whether nothing but the page of its state is served for a host, whatever is asked for. */
export function isClosed({ state }: HostAnswer): boolean {
  return state !== 'onboarding' && state !== 'ready';
}

/**
 * Whether a request is kept from a stack that runs beside us: that would put an instance to use that is being made or
 * removed. What does not say for whom it is, or says it in disguise, is kept, too. Everything else a stack knows better.
 */
export function isKeptFromStack(judged: JudgedHost): boolean {
  if (judged.kind === 'bad' || judged.kind === 'disguised') return true;
  if (judged.kind !== 'instance') return false;
  const { state } = judged.instance.standing;
  return state === 'provisioning' || state === 'deleting';
}
