import type { InstanceOptions } from '../options/options.ts';

export const SETTINGS_ID = 'io.cozy.settings.instance';

/** The settings of an instance: free-form, all values texts (`docs/cozy-data.md` §3.1). */
export interface SettingsDocument {
  readonly _id: typeof SETTINGS_ID;
  readonly [key: string]: string;
}

/** The settings document of a new instance; its `_id` cannot be overridden by a setting. */
export function settingsDocument(options: Pick<InstanceOptions, 'settings'>): SettingsDocument {
  return { ...options.settings, _id: SETTINGS_ID };
}
