import * as z from 'zod';
import { isTree, type Tree } from './tree.ts';

/*
 * A variable of a template that is not set leaves a mark, for two reasons: the stack makes an empty text of it,
 * and an empty text looks like a key that was left out. Marks are made of characters that no text may contain.
 */

const OPEN = '\ufdd0';
const CLOSE = '\ufdd1';
const MARK = new RegExp(`${OPEN}([^${OPEN}${CLOSE}]*)${CLOSE}`, 'g');

/** What stands for a variable that is not set. */
export function unsetMark(name: string): string {
  return `${OPEN}${name}${CLOSE}`;
}

/** Names of the variables that a text lacks. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(MARK)].map(([, name = '']) => name);
}

/** The text as the stack sees it. */
export function withoutMarks(text: string): string {
  return text.replace(MARK, '');
}

/** A value that depends on a variable which is not set. */
export interface UnsetValue {
  /** Keys and places in lists; the last one may be a key that has the mark itself. */
  readonly path: readonly (string | number)[];
  /** In lower case where it is part of a key. */
  readonly variable: string;
}

/** All such values of a configuration, in its order. */
export function* unsetValues(value: unknown, path: UnsetValue['path'] = []): Generator<UnsetValue> {
  if (typeof value === 'string') {
    for (const variable of variablesIn(value)) yield { path, variable };
  } else if (Array.isArray(value)) {
    for (const [at, each] of value.entries()) yield* unsetValues(each, [...path, at]);
  } else if (isTree(value)) {
    for (const [key, each] of Object.entries(value)) {
      for (const variable of variablesIn(key)) yield { path: [...path, key], variable };
      yield* unsetValues(each, [...path, key]);
    }
  }
}

/** The configuration without marks; what was nothing but a mark is as good as absent. */
export function dropMarks(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) => {
      const kept = keptOf(value);
      return kept === undefined ? [] : [[withoutMarks(key), kept]];
    }),
  );
}

function keptOf(value: unknown): unknown {
  if (typeof value === 'string')
    return withoutMarks(value) === '' && value !== '' ? undefined : withoutMarks(value);
  if (Array.isArray(value)) return value.map(keptOf);
  return isTree(value) ? dropMarks(value) : value;
}

/** Whether a schema reads what is at a path: keys that it does not name, it passes over. */
export function isRead(schema: unknown, path: UnsetValue['path']): boolean {
  if (schema instanceof z.ZodPipe) return isRead(schema.in, path);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return isRead(schema.unwrap(), path);
  }
  const [key, ...below] = path;
  if (key === undefined) return true;
  if (schema instanceof z.ZodObject)
    return Object.hasOwn(schema.shape, key) && isRead(schema.shape[key], below);
  if (schema instanceof z.ZodRecord) return isRead(schema.valueType, below);
  if (schema instanceof z.ZodArray) return isRead(schema.element, below);
  if (schema instanceof z.ZodUnion) {
    // "Or anything else" is what is not looked at.
    return schema.options.some((each) => !(each instanceof z.ZodUnknown) && isRead(each, path));
  }
  return true;
}
