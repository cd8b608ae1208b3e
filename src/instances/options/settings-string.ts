import { defined } from '../../defined.ts';
import { parseGoBool } from './option-values.ts';

/** What the Settings string says about the instance itself; values are texts, unchecked. */
export interface MovedSettings {
  context?: string;
  locale?: string;
  uuid?: string;
  oidcId?: string;
  tos?: string;
  tosLatest?: string;
  authMode?: string;
  autoUpdate?: boolean;
}

export interface ParsedSettings {
  /** For the settings document. */
  settings: Record<string, string>;
  /** For the instance document. */
  moved: MovedSettings;
}

/** Takes one pair as it was written, and gives what counts. */
export type ReadPair = (key: string, value: string) => readonly [key: string, value: string];

function parsePairs(text: string, read: ReadPair): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const item of text.split(',')) {
    const colon = item.indexOf(':');
    if (colon !== -1) pairs.set(...read(item.slice(0, colon), item.slice(colon + 1)));
  }
  return pairs;
}

/**
 * Reads a Settings string `k:v,k2:v2` by the stack's rules (`docs/cozy-data.md` §3.1): split at commas,
 * then at the first colon, items without a colon ignored, the last of equal keys wins. Nothing is trimmed but by `read`.
 * Keys that belong to the instance document are moved; an `auto_update` that is no boolean is dropped.
 * Any key may come out, `__proto__` included, as an own property.
 */
export function parseSettingsString(
  text: string,
  read: ReadPair = (key, value) => [key, value],
): ParsedSettings {
  const pairs = parsePairs(text, read);
  const take = (key: string): string | undefined => {
    const value = pairs.get(key);
    pairs.delete(key);
    return value;
  };

  const context = take('context');
  const locale = take('locale');
  const uuid = take('uuid');
  const oidcId = take('oidc_id');
  const tos = take('tos');
  const tosLatest = take('tos_latest');
  const authMode = take('auth_mode');
  const autoUpdate = parseGoBool(take('auto_update') ?? '');

  return {
    settings: Object.fromEntries(pairs),
    moved: defined({ context, locale, uuid, oidcId, tos, tosLatest, authMode, autoUpdate }),
  };
}
