import * as z from 'zod';
import type { PermissionRule, PermissionRules } from '../manifest/permissions.ts';

const text = z.string().nullish();
const texts = z.array(z.string()).nullish();

const storedRule = z
  .object({ type: z.string(), description: text, verbs: texts, selector: text, values: texts })
  .transform(({ type, description, verbs, selector, values }): PermissionRule => {
    const named = verbs?.includes('ALL') ? [] : (verbs ?? []);
    return {
      type,
      ...(description && { description }),
      ...(named.length > 0 && { verbs: named }),
      ...(selector && { selector }),
      ...(values && values.length > 0 && { values }),
    };
  });

const storedSet = z.record(z.string(), storedRule).nullish();

/** The rules in a document that anybody may have written; undefined where they cannot be read. */
export function storedRules(value: unknown): PermissionRules | undefined {
  const read = storedSet.safeParse(value);
  return read.success ? (read.data ?? {}) : undefined;
}

/** In the order in which a stack writes them. */
const VERBS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Whether a stack takes two sets for the same (`model/permission/set.go`, `HasSameRules`): titles and descriptions do
 * not count, and neither does, for its reading of a rule without verbs, which of them one has where the other has all.
 */
export function hasSameRules(one: PermissionRules, other: PermissionRules): boolean {
  const rules = Object.values(one);
  const others = Object.values(other);
  return rules.length === others.length && rules.every((rule) => others.some((each) => isSame(rule, each)));
}

function isSame(one: PermissionRule, other: PermissionRule): boolean {
  return (
    one.type === other.type &&
    (one.selector ?? '') === (other.selector ?? '') &&
    (one.values ?? []).length === (other.values ?? []).length &&
    (one.values ?? []).every((value, at) => value === other.values?.[at]) &&
    hasVerbs(one, other) &&
    hasVerbs(other, one)
  );
}

/** None are all of them, and a set without any asks for none. */
function hasVerbs({ verbs = [] }: PermissionRule, { verbs: asked = [] }: PermissionRule): boolean {
  return verbs.length === 0 || asked.every((verb) => verbs.includes(verb));
}

/** Doctypes that a stack lets a konnector have without asking anybody. */
const GRANTED = ['io.cozy.certified.carbon_copy', 'io.cozy.certified.electronic_safe'];

/**
 * Whether a konnector asks for nothing new but what a stack grants by itself (`model/app/installer.go`, 432–448).
 * @param before rules of its manifest
 */
export function addsOnlyGranted(before: PermissionRules, after: PermissionRules): boolean {
  const grown: Record<string, PermissionRule> = { ...before };
  for (const [title, rule] of Object.entries(after)) {
    if (!Object.hasOwn(before, title) && GRANTED.includes(rule.type)) grown[title] = rule;
  }
  return hasSameRules(after, grown);
}

/**
 * The rules of an application after an update (`docs/cozy-data.md` §5.5): those of its manifest, and what somebody has
 * added to its permissions since it was installed. Where nobody did, rules that the new manifest drops stay, as in a stack.
 *
 * @param installed rules of the manifest that was installed
 * @param granted rules of its permission document
 * @param wanted rules of the manifest that is to be
 */
export function rulesAfterUpdate(
  installed: PermissionRules,
  granted: PermissionRules,
  wanted: PermissionRules,
): PermissionRules {
  const isUntouched = hasSameRules(installed, granted);
  const extra = isUntouched ? installed : granted;
  const dropped = Object.entries(extra).filter(([title]) => !Object.hasOwn(wanted, title));
  const merged = Object.entries(wanted).map(([title, rule]): [string, PermissionRule] => {
    const before = ownRule(installed, title);
    const more = ownRule(extra, title);
    if (more === undefined) return [title, rule];
    return [title, mergedRule(rule, isUntouched || before === undefined ? more : added(before, more))];
  });
  return Object.fromEntries([...dropped, ...merged]);
}

function ownRule(rules: PermissionRules, title: string): PermissionRule | undefined {
  return Object.hasOwn(rules, title) ? rules[title] : undefined;
}

/** What a rule has now beyond what it had. */
function added(before: PermissionRule, { verbs = [], values = [] }: PermissionRule): PermissionRule {
  return {
    type: before.type,
    verbs: before.verbs === undefined ? [] : verbs.filter((verb) => !before.verbs?.includes(verb)),
    values: values.filter((value) => !before.values?.includes(value)),
  };
}

/** A rule with what another of its type has beside it; a rule without verbs has them all. */
function mergedRule(rule: PermissionRule, more: PermissionRule): PermissionRule {
  if (rule.type !== more.type) return rule;
  const { verbs, values } = rule;
  const all = VERBS.filter((verb) => verbs?.includes(verb) || more.verbs?.includes(verb));
  const both = [...(values ?? []), ...(more.values ?? []).filter((value) => !values?.includes(value))];
  return { ...rule, ...(verbs && { verbs: all }), ...(both.length > 0 && { values: both }) };
}
