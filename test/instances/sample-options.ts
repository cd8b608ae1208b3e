import type { InstanceOptions } from '../../src/instances/options/options.ts';

/** Options of a plain instance, with changes. */
export function sampleOptions(changes: Partial<InstanceOptions> = {}): InstanceOptions {
  return {
    domain: 'alice.example.com',
    aliases: [],
    locale: 'en',
    settings: {},
    apps: [],
    hasPassphrase: false,
    ...changes,
  };
}
