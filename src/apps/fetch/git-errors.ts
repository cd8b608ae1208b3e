import type { GitSource } from '../app-source.ts';
import { AppError } from '../errors.ts';

/** How git says that there is no such repository, or no such branch in it. */
const MISSING =
  /not found in upstream|[Rr]epository not found|' not found|does not appear to be a git repository|not exported|Could not find remote branch/;

/** How git and ssh say that the server refused them. */
const REFUSED = /terminal prompts disabled|Authentication failed|Permission denied|Host key verification/;

/** Git ended with a failure. */
export class GitFailure extends Error {
  /** What git said last: never to be shown, for it may quote the server. */
  readonly output: string;

  constructor(output: string) {
    super('git failed');
    this.output = output;
  }
}

/** What a failure of git means for the source. */
export function toAppError({ output }: GitFailure, source: GitSource): AppError {
  if (MISSING.test(output)) {
    const what =
      source.ref === undefined ? 'repository' : `repository, or no ${JSON.stringify(source.ref)} in it`;
    return new AppError(
      'app_not_found',
      `${shownHost(source)} has no such ${what}`,
      'final',
      'Check where the application comes from.',
    );
  }
  if (REFUSED.test(output)) return unreachable(source, 'it does not let the worker in', 'final');
  return unreachable(source, 'git could not fetch it', 'retry');
}

/** @param what is wrong, as the end of a sentence about the repository */
export function unreachable(source: GitSource, what: string, kind: 'retry' | 'final'): AppError {
  return new AppError(
    'app_unreachable',
    `the repository on ${shownHost(source)}: ${what}`,
    kind,
    `Try \`git ls-remote\` on the machine of the worker, as its user, without a terminal.`,
  );
}

/** @param bytes that an application may have at most */
export function tooLarge(source: GitSource, bytes: number): AppError {
  return new AppError('app_too_large', `the repository on ${shownHost(source)} has more than ${bytes} bytes`);
}

function shownHost({ url }: GitSource): string {
  return new URL(url).host;
}
