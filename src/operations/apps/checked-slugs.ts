import { isSlug } from '../../apps/manifest/manifest.ts';
import { InputError } from '../../errors.ts';

/** Slugs of installed applications, each once. @param given as typed @throws InputError `no_apps`, `app_source` */
export function checkedSlugs(given: readonly string[]): readonly string[] {
  const slugs = [...new Set(given)];
  if (slugs.length === 0)
    throw new InputError('no_apps', 'name the applications by their slugs: drive notes');
  const odd = slugs.find((each) => !isSlug(each));
  if (odd === undefined) return slugs;
  throw new InputError(
    'app_source',
    `${JSON.stringify(odd.slice(0, 120))} is no slug: only a-z, 0-9 and - are in one`,
    {},
    'What is installed is known by its slug; see it: cozy-fleet apps ls.',
  );
}
