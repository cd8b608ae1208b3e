import { expect } from 'chai';
import { liveDisplay, plainDisplay, snapshotDisplay } from '../../../src/cli/batches/batch-display.ts';
import type { Hold } from '../../../src/operations/batches/holds.ts';
import type { WatchSnapshot } from '../../../src/operations/batches/watch-snapshot.ts';
import { sampleBatch, sampleView, sampleWorker } from '../../support/sample-batch.ts';

const view = (done: number, workers = [sampleWorker()]) =>
  sampleView({ batch: sampleBatch({ done }), workers, rate: undefined });

describe('the display of a batch on a terminal', () => {
  it('draws over what it drew before', () => {
    const written: string[] = [];
    const display = liveDisplay({ columns: 80, write: (text) => written.push(text) });
    display.show(view(1));
    display.show(view(2));
    expect(written[0]).not.to.contain('\u001b');
    // Up to the line that is another one now: the title stays.
    expect(written[1])
      .to.satisfy((text: string) => text.startsWith('\u001b[2A'))
      .and.to.contain('2/1200');
    expect(written[1]).not.to.contain('school.csv');
  });

  it('draws all of it again where the terminal has another width', () => {
    const written: string[] = [];
    const screen = { columns: 80, write: (text: string) => written.push(text) };
    const display = liveDisplay(screen);
    display.show(view(1));
    screen.columns = 60;
    display.show(view(2));
    expect(written[1]).to.contain('school.csv').and.to.contain('2/1200');
  });

  it('draws all of it again where a line comes or goes', () => {
    const written: string[] = [];
    const display = liveDisplay({ columns: 80, write: (text) => written.push(text) });
    display.show(view(1));
    for (const workers of [[], [sampleWorker()]]) {
      written.length = 0;
      display.show(view(1, workers));
      const drawn = written.join('');
      expect(drawn).to.contain('school.csv').and.to.contain('1/1200').and.to.contain('failed');
      expect(drawn.includes('No worker is running')).to.equal(workers.length === 0);
    }
  });

  it('leaves the last picture where it is', () => {
    const written: string[] = [];
    const display = liveDisplay({ columns: 80, write: (text) => written.push(text) });
    display.show(view(1));
    display.end();
    display.show(view(2));
    expect(written[1]).not.to.contain('\u001b');
  });
});

describe('the display of a batch in a log', () => {
  function startDisplay() {
    const lines: string[] = [];
    const notes: string[] = [];
    const clock = { now: 0 };
    const output = {
      line: (text: string) => void lines.push(text),
      note: (text: string) => void notes.push(text),
    };
    return { display: plainDisplay(output, () => clock.now), lines, notes, clock };
  }

  it('begins with the batch', () => {
    const { display, lines } = startDisplay();
    display.show(view(1));
    expect(lines[0]).to.equal('Batch 7Q2K4  "school.csv"   1,200 instances');
  });

  it('has at most one line a second', () => {
    const { display, lines, clock } = startDisplay();
    display.show(view(1));
    clock.now = 999;
    display.show(view(2));
    clock.now = 1000;
    display.show(view(3));
    expect(lines.slice(1).map((line) => line.split(',')[0])).to.deep.equal([
      'created 1/1200',
      'created 3/1200',
    ]);
  });

  it('has no line when nothing changed', () => {
    const { display, lines, clock } = startDisplay();
    display.show(view(1));
    clock.now = 5000;
    display.show(view(1));
    expect(lines).to.have.length(2);
  });

  it('has a line a minute though nothing changed', () => {
    const { display, lines, clock } = startDisplay();
    display.show(view(1));
    for (clock.now = 1000; clock.now < 120_500; clock.now += 1000) display.show(view(1));
    expect(lines).to.have.length(4);
  });

  it('ends with the last counts', () => {
    const { display, lines } = startDisplay();
    display.show(view(1));
    display.show(view(2));
    display.end();
    expect(lines.at(-1)).to.match(/^created 2\/1200/);
  });

  it('tells once that there is no worker, beside the lines', () => {
    const { display, notes } = startDisplay();
    display.show(view(1, []));
    display.show(view(1, []));
    expect(notes).to.deep.equal(['No worker is running. Start one: cozy-fleet workers start']);
  });

  it('tells again that there is no worker where there was one meanwhile', () => {
    const { display, notes } = startDisplay();
    for (const workers of [[], [sampleWorker()], []]) display.show(view(1, workers));
    expect(notes).to.have.length(2);
  });

  it('tells once what rows wait for, whichever row is the first and while all are tried again', () => {
    const { display, notes } = startDisplay();
    const show = (...waits: (readonly [row: number, hosts: readonly string[]])[]) => {
      const holds: Hold[] = waits.map(([row, hosts]) => {
        const message = `r${row}.org needs ${row} GB`;
        const example = { row, domain: `r${row}.org`, message, advice: 'Make room.' };
        return {
          hold: 'rows-wait',
          rows: { stage: 'export', code: 'export_place', rows: 9, hosts, example },
        };
      });
      display.show({ ...view(1), holds });
    };
    show([1, ['a']]);
    show();
    show([2, ['a']]);
    show([3, ['a', 'b']]);
    show([4, ['b']]);
    show([5, ['a', 'b']]);
    expect(notes).to.deep.equal([
      'Rows wait at export, with the worker on a: r1.org needs 1 GB. Make room.',
      'Rows wait at export, with the workers on a, b: r3.org needs 3 GB. Make room.',
    ]);
  });

  it('tells a halt beside what rows wait for, without telling that again', () => {
    const { display, notes } = startDisplay();
    const example = { row: 1, domain: 'a.org', message: 'no room', advice: '' };
    const rows = { stage: 'export', code: 'export_place', rows: 9, hosts: ['a'], example };
    const wait: Hold = { hold: 'rows-wait', rows };
    display.show({ ...view(1), holds: [wait] });
    display.show({ ...view(1), holds: [wait, { hold: 'halted', halt: 'cancelled', reason: '' }] });
    expect(notes).to.deep.equal([
      'Rows wait at export, with the worker on a: no room.',
      'Stopped (cancelled): waiting rows are passed over.',
    ]);
  });
});

describe('the display of a batch for programs', () => {
  function startDisplay() {
    const snapshots: WatchSnapshot[] = [];
    const clock = { now: 0 };
    const display = snapshotDisplay(
      (snapshot) => void snapshots.push(snapshot),
      () => clock.now,
    );
    return { display, snapshots, clock };
  }

  it('has all that is seen', () => {
    const { display, snapshots } = startDisplay();
    const activeByStage = [{ stage: 'databases', rows: 3 }];
    display.show({ ...view(200), rate: 12.34, activeByStage, oldestWaitingMs: 12_400 });
    expect(snapshots[0]).to.deep.include({
      batch: '7Q2K4',
      state: 'running',
      ended: 200,
      queued: 1200,
      workers: 1,
      perSecond: 12.3,
      secondsLeft: 81,
      activeByStage,
      oldestWaitingSeconds: 12,
      holds: [],
    });
  });

  it('has a snapshot a change, at most one a second, and none for rates and times alone', () => {
    const { display, snapshots, clock } = startDisplay();
    display.show(view(1));
    clock.now = 999;
    display.show(view(2));
    clock.now = 1000;
    display.show(view(3));
    clock.now = 5000;
    display.show({ ...view(3), rate: 2, oldestWaitingMs: 4000 });
    display.show(view(3, []));
    expect(snapshots.map(({ counts, holds }) => [counts.done, holds])).to.deep.equal([
      [1, []],
      [3, []],
      [3, [{ hold: 'no-worker' }]],
    ]);
  });
});
