import { z } from 'zod';
import { parseSource } from '../../src/apps/app-source.ts';
import { createAppStore } from '../../src/apps/app-store.ts';
import { createAppHttp } from '../../src/apps/fetch/http.ts';
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
  const store = createAppStore({ directory, http, hosts: LOCAL });
  const { files } = await store.prepare(parseSource(source), registries, new AbortController().signal);
  await store.close();
  await http.close();
  process.send?.({ files });
  process.disconnect();
});
