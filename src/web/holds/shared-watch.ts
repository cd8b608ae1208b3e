import type { WebContext } from '../web-context.ts';
import { createJobWatch, type JobWatch } from './job-watch.ts';

const watches = new WeakMap<WebContext, JobWatch>();

/** The one watch of a server: all routes that wait for jobs look at them together. */
export function sharedJobWatch(context: WebContext): JobWatch {
  const known = watches.get(context);
  if (known !== undefined) return known;
  const watch = createJobWatch(context);
  watches.set(context, watch);
  return watch;
}
