import fastifySwagger, { type SwaggerTransform } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import type { ZodApp } from './zod-routes.ts';

const DESCRIPTION =
  'Batches and jobs of a fleet of Cozy instances. Whoever knows the admin passphrase is let in, by Basic ' +
  'authentication with any user. A request that fails is answered with an error of a code that stays the same.';

/** Describes the routes that are added to `app` afterwards, and serves that as `GET /fleet/openapi.json`. */
export async function serveOpenApi(app: ZodApp): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'cozy-fleet', description: DESCRIPTION, version: '1' },
      components: { securitySchemes: { operator: { type: 'http', scheme: 'basic' } } },
      security: [{ operator: [] }],
    },
    transform: ({ schema, url }) => ({ schema: described(schema), url }),
  });
  app.get('/fleet/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

type Described = ReturnType<SwaggerTransform>['schema'];

/** Schemas of a route as JSON Schema: of requests what may be sent, of answers what comes. */
function described({ body, querystring, params, headers, response, ...rest }: FastifySchema = {}): Described {
  const requests = Object.entries({ body, querystring, params, headers });
  const answers = typeof response === 'object' && response !== null ? Object.entries(response) : [];
  return {
    ...rest,
    ...Object.fromEntries(requests.flatMap(([part, schema]) => named(part, schema, 'input'))),
    response: Object.fromEntries(answers.flatMap(([status, schema]) => named(status, schema, 'output'))),
  };
}

function named(name: string, schema: unknown, io: 'input' | 'output'): [string, unknown][] {
  if (!(schema instanceof z.ZodType)) return [];
  const { $schema, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return [[name, json]];
}
