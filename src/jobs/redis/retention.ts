const DAY_SECONDS = 24 * 3600;

/** How long Redis keeps jobs that ended well, and how many of them at most. */
export const DONE_JOBS = { age: 7 * DAY_SECONDS, count: 20_000 };

/** How long Redis keeps jobs that failed for good, so that they can be tried again. */
export const FAILED_JOBS = { age: 30 * DAY_SECONDS };

/** How long Redis keeps a batch and its rows after the last change of any of them. */
export const BATCH_SECONDS = 90 * DAY_SECONDS;
