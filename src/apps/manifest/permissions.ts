import * as z from 'zod';

/** In the order in which the stack writes them (`docs/cozy-data.md` §5.3). */
const VERBS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const verb = z.enum([...VERBS, 'ALL'], 'must be one of ALL, GET, POST, PUT, PATCH and DELETE');

const texts = z.array(z.string('must be a text'), 'must be a list of texts');

/** One rule as the stack stores it: nothing that is empty, and no verbs where it means all of them. */
export interface PermissionRule {
  readonly type: string;
  readonly description?: string;
  readonly verbs?: readonly string[];
  readonly selector?: string;
  readonly values?: readonly string[];
}

/** By title. */
export type PermissionRules = Readonly<Record<string, PermissionRule>>;

const rule = z
  .object(
    {
      type: z.string('must be a doctype').refine(isDoctype, 'is not a doctype'),
      description: z.string('must be a text').nullish(),
      verbs: z.array(verb, 'must be a list of verbs').nullish(),
      selector: z.string('must be a text').nullish(),
      values: texts.nullish(),
    },
    'must be a rule',
  )
  .transform(({ type, description, verbs, selector, values }): PermissionRule => {
    const named = verbs?.includes('ALL') ? [] : VERBS.filter((name) => verbs?.includes(name));
    return {
      type,
      ...(description && { description }),
      ...(named.length > 0 && { verbs: named }),
      ...(selector && { selector }),
      ...(values && values.length > 0 && { values }),
    };
  });

/** The `permissions` of a manifest, checked (`docs/cozy-data.md` §5.2) and as they are stored (§5.3). */
export const permissionRules = z
  .record(z.string(), rule, 'must be a map of titles to rules')
  .nullish()
  .transform((rules): PermissionRules => rules ?? {});

/** Lower-case letters, digits, `_` and single dots inside; `.*` at the end after three dots or more. */
export function isDoctype(type: string): boolean {
  const wildcard = type.endsWith('.*');
  const name = wildcard ? type.slice(0, -2) : type;
  if (!/^[a-z0-9_]+(\.[a-z0-9_]+)*$/.test(name)) return false;
  return !wildcard || name.split('.').length >= 3;
}
