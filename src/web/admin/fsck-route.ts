import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type Finding, findingLine } from '../../instances/fsck/findings.ts';
import type { ReadResult } from '../../instances/lookup/classify-document.ts';
import { createPrefixIndex } from '../../instances/lookup/prefix-index.ts';
import { platformIndexes } from '../../instances/platform/platform-indexes.ts';
import { checkInstances } from '../../operations/instances/check-instances.ts';
import { liveJob } from '../../operations/jobs/job-lookup.ts';
import { findReadResult } from '../../operations/targets/find-instance.ts';
import { fileStorage } from '../../storage/file-storage.ts';
import type { WebContext } from '../web-context.ts';
import type { OfInstance } from './instance-routes.ts';
import { stackError } from './messages/error-json.ts';
import { booleanOf, readQuery } from './messages/query.ts';

/** A JSON object a line for each finding, as it is found; nothing at all for a clean instance (`docs/admin-api.md` §5). */
export function fsckRoute(app: FastifyInstance, context: WebContext): void {
  app.get<OfInstance>('/instances/:domain/fsck', { exposeHeadRoute: false }, async (request, reply) => {
    const query = readQuery(request.url);
    const index = booleanOf(query, 'IndexIntegrity') === true;
    const files = !index && booleanOf(query, 'FilesConsistency') === true;
    const checks = { index: index || !files, files: files || !index };
    const { global } = context.couch;
    const found = await findReadResult(global, request.params.domain);
    const findings = await findingsOf(context, found, checks);
    const lines = linesOf(findings, booleanOf(query, 'FailFast') === true);
    return reply.type('application/x-ndjson; charset=utf-8').send(Readable.from(lines));
  });
}

async function findingsOf(
  { config, couch: { global, cluster }, fleet }: WebContext,
  found: ReadResult,
  checks: { readonly index: boolean; readonly files: boolean },
): Promise<AsyncGenerator<{ readonly finding: Finding }>> {
  const { version: indexesVersion } = await platformIndexes(global, config.fleet.indexesVersion);
  const checking = {
    global,
    cluster,
    storage: fileStorage(config.storage.root),
    hasJob: async (domain: string) => (await liveJob(await fleet(), domain)) !== undefined,
    prefixIndex: createPrefixIndex(global),
    indexesVersion,
  };
  async function* documents(): AsyncGenerator<ReadResult> {
    yield found;
  }
  return checkInstances(documents(), checking, checks);
}

/** What goes wrong once the answer has begun is a line of it, as with a stack. */
async function* linesOf(
  findings: AsyncGenerator<{ readonly finding: Finding }>,
  failFast: boolean,
): AsyncGenerator<string> {
  try {
    for await (const { finding } of findings) {
      yield `${findingLine(finding)}\n`;
      if (failFast) return;
    }
  } catch (error) {
    yield `${JSON.stringify({ error: stackError(error).detail })}\n`;
  }
}
