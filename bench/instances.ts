import type { InstanceOptions } from '../src/instances/options/options.ts';

/** Options of one instance, such as a row of a school's file gives. */
export function benchOptions(domain: string): InstanceOptions {
  return {
    domain,
    aliases: [],
    locale: 'fr',
    diskQuota: 5_000_000_000,
    settings: { tz: 'Europe/Paris', email: `owner@${domain}`, public_name: 'Zoé Martin' },
    apps: [],
    hasPassphrase: false,
  };
}

/** Domains nobody had before, in the order they are made. */
export function benchDomains(run: string, label: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `bench-${run}-${label}-${at + 1}.example.org`);
}
