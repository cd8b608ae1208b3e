import * as z from 'zod';
import { isTree } from './tree.ts';

/** A key that a schema does not name. */
export interface UnknownKey {
  readonly path: readonly (string | number)[];
  /** What is named beside it and not set: what may be meant. */
  readonly beside: readonly string[];
}

/** All keys of a configuration that its schema does not name, in their order; what it takes as it is, is not looked into. */
export function* unknownKeys(
  schema: unknown,
  value: unknown,
  path: UnknownKey['path'] = [],
): Generator<UnknownKey> {
  if (schema instanceof z.ZodPipe) {
    yield* unknownKeys(schema.in, value, path);
  } else if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    yield* unknownKeys(schema.unwrap(), value, path);
  } else if (schema instanceof z.ZodUnion) {
    for (const each of schema.options) yield* unknownKeys(each, value, path);
  } else if (schema instanceof z.ZodArray && Array.isArray(value)) {
    for (const [at, each] of value.entries()) yield* unknownKeys(schema.element, each, [...path, at]);
  } else if (schema instanceof z.ZodRecord && isTree(value)) {
    for (const [key, each] of Object.entries(value)) {
      yield* unknownKeys(schema.valueType, each, [...path, key]);
    }
  } else if (schema instanceof z.ZodObject && isTree(value)) {
    const { shape } = schema;
    const beside = Object.keys(shape).filter((key) => !Object.hasOwn(value, key));
    for (const [key, each] of Object.entries(value)) {
      if (Object.hasOwn(shape, key)) yield* unknownKeys(shape[key], each, [...path, key]);
      else yield { path: [...path, key], beside };
    }
  }
}
