/** An answer that is an error, with CouchDB's status, name and reason. */
export class CouchError extends Error {
  readonly status: number;
  readonly error: string;
  readonly reason: string;

  constructor(status: number, error: string, reason: string) {
    super(`${error}: ${reason}`);
    this.name = new.target.name;
    this.status = status;
    this.error = error;
    this.reason = reason;
  }
}

/** 400: what the client sent makes no sense. */
export function badRequest(reason: string): CouchError {
  return new CouchError(400, 'bad_request', reason);
}

/** 404 with CouchDB's reason, such as `missing` or `deleted`. */
export function notFound(reason: string): CouchError {
  return new CouchError(404, 'not_found', reason);
}

/** 409: the document has moved on. */
export function conflict(): CouchError {
  return new CouchError(409, 'conflict', 'Document update conflict.');
}

/** PouchDB's and fastify's failures in CouchDB's words. */
export function toCouchError(thrown: unknown): CouchError {
  if (thrown instanceof CouchError) return thrown;
  const { status, name, message, reason } = failureFields(thrown);
  const text = reason ?? message ?? 'unknown';
  if (status === 409) return conflict();
  if (status === 413) return new CouchError(413, 'document_too_large', text);
  if (name === 'doc_validation') return new CouchError(400, name, message ?? text);
  if (text.startsWith('Only reserved document ids')) return new CouchError(400, 'illegal_docid', text);
  if (status === undefined || status >= 500) {
    return new CouchError(500, 'internal_server_error', text);
  }
  return new CouchError(status, name ?? 'bad_request', text);
}

interface FailureFields {
  readonly status?: number;
  readonly name?: string;
  readonly message?: string;
  readonly reason?: string;
}

function failureFields(thrown: unknown): FailureFields {
  if (typeof thrown !== 'object' || thrown === null) return { message: String(thrown) };
  const numbers = ['status', 'statusCode'].map((key) => Reflect.get(thrown, key));
  const status = numbers.find((value) => typeof value === 'number');
  const text = (key: string): Record<string, string> => {
    const value: unknown = Reflect.get(thrown, key);
    return typeof value === 'string' ? { [key]: value } : {};
  };
  return {
    ...(status === undefined ? {} : { status }),
    ...text('name'),
    ...text('message'),
    ...text('reason'),
  };
}
