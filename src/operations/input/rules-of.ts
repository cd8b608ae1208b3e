import type { Config } from '../../config/config.ts';
import type { ParsingRules } from '../../instances/options/parse-options.ts';

/** What the configuration says about which options are good. */
export function rulesOf({ subdomains, couchdb, contexts }: Config): ParsingRules {
  return { subdomains, clusters: couchdb.clusters.length, contexts: Object.keys(contexts) };
}
