import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { type ChaosFleet, instancesOf } from './chaos-fleet.ts';
import type { Work } from './chaos-work.ts';

/** Gives an instance what such a job works on. */
export async function makeReadyForCare(chaos: ChaosFleet, work: Work, domain: string): Promise<void> {
  if (work === 'reset-links') await letRegister(chaos, domain);
}

/** What such a job left undone, a sentence each. */
export async function wrongAfterCare(chaos: ChaosFleet, work: Work, domain: string): Promise<string[]> {
  if (work !== 'reset-links') return [];
  const [instance] = await instancesOf(chaos.couch, [domain]);
  return instance?.passphrase_reset_token === undefined ? ['it has no link'] : [];
}

/** As if its owner had chosen a passphrase. */
async function letRegister(chaos: ChaosFleet, domain: string): Promise<void> {
  const [instance] = await instancesOf(chaos.couch, [domain]);
  if (instance === undefined) throw new Error(`there is no ${domain}`);
  const { register_token: _used, ...registered } = instance;
  const chosen = { ...registered, passphrase_hash: 'c2NyeXB0', onboarding_finished: true };
  await chaos.couch.putDocument(INSTANCES, { ...chosen, password_defined: true });
}
