import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from 'fastify';
import * as z from 'zod';
import { InputError } from '../../errors.ts';

/** Lets the types of requests and answers follow from the zod schemas of a route. */
export interface ZodTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  readonly serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown;
}

/** A part of a server whose routes have zod schemas. */
export type ZodApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypes
>;

/** What a part of a request is called where it is wrong. */
const PARTS: Readonly<Record<string, string>> = {
  body: 'the body',
  querystring: 'the query',
  params: 'the path',
  headers: 'the headers',
};

/** Has the routes of `app` validated by zod; answers go out as they are, for the compiler has looked at them. */
export function withZod(app: FastifyInstance): ZodApp {
  const typed = app.withTypeProvider<ZodTypes>();
  typed.setValidatorCompiler<unknown>(({ schema, httpPart = '' }) => {
    if (!(schema instanceof z.ZodType)) return (value: unknown) => ({ value });
    return (value: unknown) => {
      const read = schema.safeParse(value);
      return read.success
        ? { value: read.data }
        : { error: refusal(PARTS[httpPart] ?? httpPart, read.error) };
    };
  });
  typed.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  return typed;
}

/** Names the first thing that is wrong, never its value. */
function refusal(part: string, { issues: [first] }: z.ZodError): InputError {
  const column = first?.path.map(String).join('.') ?? '';
  const keys = first?.code === 'unrecognized_keys' ? first.keys.slice(0, 3) : [];
  const what =
    keys.length > 0 ? `there is no ${keys.map(shortened).join(', ')}` : (first?.message ?? 'it is wrong');
  return new InputError(
    'bad_request',
    `In ${part}: ${what}`,
    column === '' ? {} : { column: shortened(column) },
  );
}

/** A name that a client made up may be of any length. */
function shortened(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name).slice(1, -1);
}
