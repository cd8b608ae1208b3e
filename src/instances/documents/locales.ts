import { readdirSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { ownFile } from '../../own-file.ts';

const FOLDER = ownFile('locales/');
const FALLBACK = 'en';

const directoryNamesSchema = z.object({
  administrative: z.string().min(1),
  photos: z.string().min(1),
  uploadedFromCozyPhotos: z.string().min(1),
  backedUpFromMyMobile: z.string().min(1),
});

/** Names of the default directories in one language. */
export type DirectoryNames = Readonly<z.infer<typeof directoryNamesSchema>>;

const english = z.object({ directories: directoryNamesSchema });
const translation = z.object({ directories: directoryNamesSchema.partial().optional() });

let namesByLocale: ReadonlyMap<string, DirectoryNames> | undefined;

function readLocale(locale: string): unknown {
  return JSON.parse(readFileSync(new URL(`${locale}.json`, FOLDER), 'utf8'));
}

function readAll(): ReadonlyMap<string, DirectoryNames> {
  const fallback = english.parse(readLocale(FALLBACK)).directories;
  const all = new Map([[FALLBACK, fallback]]);
  for (const file of readdirSync(FOLDER)) {
    if (!file.endsWith('.json')) continue;
    const locale = file.slice(0, -'.json'.length);
    const { administrative, photos, uploadedFromCozyPhotos, backedUpFromMyMobile } =
      translation.parse(readLocale(locale)).directories ?? {};
    all.set(locale, {
      administrative: administrative ?? fallback.administrative,
      photos: photos ?? fallback.photos,
      uploadedFromCozyPhotos: uploadedFromCozyPhotos ?? fallback.uploadedFromCozyPhotos,
      backedUpFromMyMobile: backedUpFromMyMobile ?? fallback.backedUpFromMyMobile,
    });
  }
  return all;
}

/**
 * Names of the default directories for a locale, which must match exactly (`fr`, not `fr_FR`);
 * what has no translation is English (`docs/cozy-data.md` §3.5). The files are read once.
 */
export function directoryNames(locale: string): DirectoryNames {
  namesByLocale ??= readAll();
  const names = namesByLocale.get(locale) ?? namesByLocale.get(FALLBACK);
  if (names === undefined) throw new Error(`no names for the locale ${FALLBACK}`);
  return names;
}
