import type { Config } from '../config/config.ts';
import type { ParsingRules } from '../instances/parse-options.ts';

/** What the configuration says about which options are good. */
export function rulesOf({ subdomains, couchdb }: Config): ParsingRules {
  return { subdomains, clusters: couchdb.clusters.length };
}
