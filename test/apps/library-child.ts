import { z } from 'zod';
import { createAppHttp } from '../../src/apps/http.ts';
import { createAppLibrary } from '../../src/apps/library.ts';
import { parseSource } from '../../src/apps/sources.ts';
import { LOCAL } from './local-hosts.ts';

/* A worker of the same machine, as far as applications go. */

const order = z.object({
  directory: z.string(),
  source: z.string(),
  registries: z.array(z.string()),
});

process.once('message', async (message) => {
  const { directory, source, registries } = order.parse(message);
  const http = createAppHttp(LOCAL);
  const library = createAppLibrary({ directory, http, hosts: LOCAL });
  const { files } = await library.prepare(parseSource(source), registries, new AbortController().signal);
  await library.close();
  await http.close();
  process.send?.({ files });
  process.disconnect();
});
