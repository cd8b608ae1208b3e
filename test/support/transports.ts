import { createDispatchTransport } from '../../src/couchdb/dispatch-transport.ts';
import { createHttpTransport } from '../../src/couchdb/http-transport.ts';
import type { CreateTransport } from '../../src/couchdb/transport.ts';

/** All that sends requests to CouchDB; what is true of one is true of the others. */
export const TRANSPORTS: readonly (readonly [name: string, create: CreateTransport])[] = [
  ['node:http', createHttpTransport],
  ['dispatch', createDispatchTransport],
];
