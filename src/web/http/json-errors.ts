import { statusText } from './create-server.ts';

/** An error as programs are told it. */
export interface JsonError {
  /** HTTP status. */
  readonly status: number;
  /** Absent = the name of the status. */
  readonly title?: string | undefined;
  readonly detail: string;
  /** The parameter that is wrong. */
  readonly parameter?: string | undefined;
}

/** The body of an answer that is an error, in the shape of JSON:API, as a stack has it (`docs/admin-api.md` §2.7). */
export function jsonErrors({ status, title = statusText(status), detail, parameter }: JsonError): object {
  const source = parameter === undefined ? {} : { parameter };
  return { errors: [{ status: String(status), title, detail, source }] };
}
