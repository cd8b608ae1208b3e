import { parseGoBool } from './go-bool.ts';

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

function parsePairs(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const item of text.split(',')) {
    const colon = item.indexOf(':');
    if (colon !== -1) pairs.set(item.slice(0, colon), item.slice(colon + 1));
  }
  return pairs;
}

/**
 * Reads a Settings string `k:v,k2:v2` by the stack's rules (`instance-data.md` §3.1): split at commas,
 * then at the first colon, nothing trimmed, items without a colon ignored, the last of equal keys wins.
 * Keys that belong to the instance document are moved; an `auto_update` that is no boolean is dropped.
 * Any key may come out, `__proto__` included, as an own property.
 */
export function parseSettingsString(text: string): ParsedSettings {
  const pairs = parsePairs(text);
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
    moved: {
      ...(context !== undefined && { context }),
      ...(locale !== undefined && { locale }),
      ...(uuid !== undefined && { uuid }),
      ...(oidcId !== undefined && { oidcId }),
      ...(tos !== undefined && { tos }),
      ...(tosLatest !== undefined && { tosLatest }),
      ...(authMode !== undefined && { authMode }),
      ...(autoUpdate !== undefined && { autoUpdate }),
    },
  };
}
