import { Writable } from 'node:stream';
import { createLogUpdate } from 'log-update';
import type { BatchView } from '../../operations/batches/follow-batch.ts';
import type { Hold } from '../../operations/batches/holds.ts';
import { type WatchSnapshot, watchSnapshot } from '../../operations/batches/watch-snapshot.ts';
import { oneLine } from '../../safe-text.ts';
import { writerOf } from '../terminal/guard-output.ts';
import type { Output } from '../terminal/output.ts';
import { isLive, type Screen } from '../terminal/screen.ts';
import { comesAndGoes, holdKeys, holdTexts } from './hold-texts.ts';
import { batchTitle, progressBlock, progressLine } from './progress-text.ts';

/** Shows a batch as it goes on. */
export interface BatchDisplay {
  show(view: BatchView): void;
  /** What comes next is written below. */
  end(): void;
}

/** Where a terminal does not say how wide it is, or says 0. */
const USUAL_COLUMNS = 80;

/** A block that is redrawn in place. */
export function liveDisplay(screen: Screen): BatchDisplay {
  const stream = new ScreenStream(screen);
  // A cursor that was hidden would stay so where the process is killed.
  const update = createLogUpdate(stream, { showCursor: true });
  let drawn = 0;
  return {
    show(view) {
      const lines = progressBlock(view, stream.columns).map(oneLine);
      // It writes the lines that differ, where they stand: those below a line that comes or goes stay where they were.
      if (drawn !== 0 && lines.length !== drawn) update.clear();
      update(lines.join('\n'));
      drawn = lines.length;
    },
    end() {
      update.done();
      drawn = 0;
    },
  };
}

/** A screen as a stream that knows how wide it is at this moment. */
class ScreenStream extends Writable {
  readonly #screen: Screen;

  constructor(screen: Screen) {
    super({ decodeStrings: false });
    this.#screen = screen;
  }

  get columns(): number {
    return this.#screen.columns || USUAL_COLUMNS;
  }

  override _write(text: string, _encoding: BufferEncoding, done: () => void): void {
    this.#screen.write(text);
    done();
  }
}

/** Milliseconds between two lines of a log. */
const LINE_MS = 1_000;

/** Milliseconds after which there is a line although nothing has changed. */
const QUIET_MS = 60_000;

/** A line when counts changed, at most one a second, and one a minute; what holds the batch up goes to stderr. */
export function plainDisplay(output: Output, now: () => number = () => performance.now()): BatchDisplay {
  let told = '';
  const note = holdNotes(output);
  let last = Number.NEGATIVE_INFINITY;
  let latest: BatchView | undefined;

  const tell = (view: BatchView) => {
    const counts = JSON.stringify(view.batch.counts);
    if (counts === told && now() - last < QUIET_MS) return;
    told = counts;
    last = now();
    output.line(progressLine(view));
  };
  return {
    show(view) {
      if (latest === undefined) output.line(batchTitle(view.batch));
      latest = view;
      note(view.holds);
      if (now() - last >= LINE_MS) tell(view);
    },
    end() {
      if (latest !== undefined) tell(latest);
    },
  };
}

/** Says what keeps a batch from going on: once for as long as it does, and what rows wait for once and for all. */
function holdNotes({ note }: Pick<Output, 'note'>): (holds: readonly Hold[]) => void {
  const waits = new Set<string>();
  let before: ReadonlySet<string> = new Set();
  return (holds) => {
    const here = new Set<string>();
    for (const hold of holds) {
      const known = comesAndGoes(hold) ? waits : before;
      const keys = holdKeys(hold);
      if (keys.some((key) => !known.has(key))) note(holdTexts(hold).join(' '));
      for (const key of keys) (comesAndGoes(hold) ? waits : here).add(key);
    }
    before = here;
  };
}

/**
 * A snapshot for programs when something but its rates and times has changed, at most one a second; the end is told by
 * whoever answers.
 */
export function snapshotDisplay(
  write: (snapshot: WatchSnapshot) => void,
  now: () => number = () => performance.now(),
): BatchDisplay {
  let told = '';
  let last = Number.NEGATIVE_INFINITY;
  return {
    show(view) {
      const { perSecond, secondsLeft, oldestWaitingSeconds, ...steady } = watchSnapshot(view);
      const state = JSON.stringify(steady);
      if (steady.endedAt !== undefined || state === told || now() - last < LINE_MS) return;
      told = state;
      last = now();
      write(watchSnapshot(view));
    },
    end: () => undefined,
  };
}

/** For `--json`. */
const noDisplay: BatchDisplay = { show: () => undefined, end: () => undefined };

/** The one that suits: nothing with `--json`, a block on a terminal, else lines. */
export function displayFor(output: Output, json: boolean): BatchDisplay {
  if (json) return noDisplay;
  return isLive(process.stdout, process.env) ? liveDisplay(drawable(process.stdout)) : plainDisplay(output);
}

/** A terminal to draw on: the cursor is moved by us alone. */
function drawable(stdout: NodeJS.WriteStream): Screen {
  const write = writerOf(stdout);
  return {
    get columns() {
      return stdout.columns;
    },
    write: (text) => write(text),
  };
}
