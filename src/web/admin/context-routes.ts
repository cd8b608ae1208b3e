import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config/config.ts';
import { redactUrl } from '../../config/urls.ts';
import type { WebContext } from '../web-context.ts';
import { plainError } from './messages/error-json.ts';

/** A context as the admin API shows it. */
interface ContextJson {
  readonly config: unknown;
  readonly context: string;
  readonly registries: readonly string[];
}

/** Names of settings that would be secrets: what a stack shows of them, we do not. */
const SECRET = /secret|token|passw|passphrase|credential|api_?key|private/i;

/** The contexts of the configuration, and those that are only known for their registries. */
export function contextRoutes(app: FastifyInstance, { config }: WebContext): void {
  const names = new Set([...Object.keys(config.contexts), ...Object.keys(config.registries)]);

  app.get('/instances/contexts', async () => [...names].map((name) => contextJson(config, name)));

  app.get<{ Params: { readonly name: string } }>('/instances/contexts/:name', async ({ params }) => {
    if (!names.has(params.name)) throw plainError(404, 'There is no such context');
    return contextJson(config, params.name);
  });
}

function contextJson({ contexts, registries }: Config, context: string): ContextJson {
  const own = Object.hasOwn(registries, context) ? registries[context] : undefined;
  return {
    config: Object.hasOwn(contexts, context) ? withoutSecrets(contexts[context]) : null,
    context,
    registries: (own ?? registries.default).map(redactUrl),
  };
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) =>
      SECRET.test(name) ? [] : [[name, withoutSecrets(each)]],
    ),
  );
}
