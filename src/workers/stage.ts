/** One step of a job: safe to run twice, and safe beside a twin of the same job (`ARCHITECTURE.md` §3.1). */
export interface Stage<Name extends string, Context, Outcome> {
  readonly name: Name;
  /** @returns an outcome when the job is over before its last stage */
  run(context: Context): Promise<Outcome | undefined>;
  /** What of this stage's work is missing, a sentence each; empty when it is all there. */
  verify(context: Context): Promise<readonly string[]>;
}
