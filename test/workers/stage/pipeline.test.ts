import { expect } from 'chai';
import type { Progress, StageRecord } from '../../../src/jobs/queue/progress.ts';
import {
  currentStage,
  runStages,
  type Stage,
  type StageGroup,
  type StageObserver,
} from '../../../src/workers/stage/pipeline.ts';
import { silentLog } from '../../support/test-log.ts';
import { thrownBy } from '../../support/thrown-by.ts';

type Name = StageRecord['stage'];
type TestStage = Stage<Name, undefined, string>;
type TestStep = TestStage | StageGroup<Name, undefined, string>;

/** A small pipeline that notes what is done in which order. */
class Bench {
  readonly notes: string[] = [];
  progress: Progress = { stages: [] };
  readonly #abort = new AbortController();

  stage(
    name: Name,
    work: {
      outcome?: string;
      missing?: string[];
      fails?: Error;
      idle?: boolean;
      doneAlready?: boolean;
      meanwhile?: boolean;
    } = {},
  ): TestStage {
    return {
      name,
      isIdle: () => work.idle === true,
      isDoneAlready: () => work.doneAlready === true,
      beginsMeanwhile: work.meanwhile === true,
      run: async () => {
        this.notes.push(`run ${name}`);
        if (work.fails !== undefined) throw work.fails;
        return work.outcome;
      },
      verify: async () => {
        this.notes.push(`verify ${name}`);
        return work.missing ?? [];
      },
    };
  }

  abort(reason: Error): void {
    this.#abort.abort(reason);
  }

  run(stages: readonly TestStep[], generation = 0, observer?: StageObserver) {
    let time = 1000;
    return runStages({
      stages,
      context: undefined,
      signal: this.#abort.signal,
      log: silentLog(),
      generation,
      progress: () => this.progress,
      record: async (progress) => {
        const told = progress.stages.filter((each) => !this.progress.stages.includes(each));
        this.progress = progress;
        this.notes.push(`record ${told.map(({ stage, state }) => `${stage} ${state}`).join(', ')}`);
      },
      now: () => {
        time += 5;
        return time;
      },
      ...(observer === undefined ? {} : { observer }),
    });
  }

  /** Progress of stages that an earlier attempt has done. */
  done(...names: Name[]): void {
    const stages = names.map((stage) => ({
      stage,
      state: 'done' as const,
      startedAt: 1,
      ms: 1,
      tries: 1,
      generation: 0,
    }));
    this.progress = { stages, incarnation: 'abc' };
  }
}

describe('the pipeline', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });

  it('runs the stages in their order, and records the end of each with the begin of the next', async () => {
    expect(await bench.run([bench.stage('register'), bench.stage('databases')])).to.equal(undefined);
    expect(bench.notes).to.deep.equal([
      'record register running',
      'run register',
      'record register done, databases running',
      'run databases',
      'record databases done',
    ]);
  });

  it('records when a stage began, how long it took and its tries', async () => {
    await bench.run([bench.stage('register')]);
    expect(bench.progress.stages).to.deep.equal([
      { stage: 'register', state: 'done', startedAt: 1005, ms: 5, tries: 1, generation: 0 },
    ]);
  });

  it('skips what an earlier attempt has done, without a look at it', async () => {
    bench.done('register');
    await bench.run([bench.stage('register'), bench.stage('databases')]);
    expect(bench.notes).to.deep.equal(['record databases running', 'run databases', 'record databases done']);
    expect(bench.progress.incarnation).to.equal('abc');
  });

  it('runs a stage again that was under way when its worker died, and counts that', async () => {
    await thrownBy(bench.run([bench.stage('register', { fails: new Error('died') })]));
    await bench.run([bench.stage('register')]);
    expect(bench.progress.stages.map(({ state, tries }) => [state, tries])).to.deep.equal([['done', 2]]);
  });

  it('passes over a stage with nothing to do, and records nothing of it', async () => {
    const stages = [bench.stage('mark'), bench.stage('close', { idle: true }), bench.stage('storage')];
    await bench.run(stages);
    expect(bench.notes).to.deep.equal([
      'record mark running',
      'run mark',
      'record mark done, storage running',
      'run storage',
      'record storage done',
    ]);
  });

  it('runs a stage that had begun whatever there is to do by now', async () => {
    const begun = { stage: 'close', state: 'running', startedAt: 1, tries: 1, generation: 0 } as const;
    bench.progress = { stages: [begun] };
    await bench.run([bench.stage('close', { idle: true })]);
    expect(bench.notes).to.include('run close');
  });

  it('records a stage that is known to be done with what comes next, and runs it not', async () => {
    const stages = [
      bench.stage('register'),
      bench.stage('databases', { doneAlready: true }),
      bench.stage('finish'),
      bench.stage('apps', { doneAlready: true }),
    ];
    await bench.run(stages);
    expect(bench.notes).to.deep.equal([
      'record register running',
      'run register',
      'record register done, databases done, finish running',
      'run finish',
      'record finish done, apps done',
    ]);
  });

  it('runs a stage that had begun, though it would be known to be done by now', async () => {
    const begun = { stage: 'databases', state: 'running', startedAt: 1, tries: 1, generation: 0 } as const;
    bench.progress = { stages: [begun] };
    await bench.run([bench.stage('databases', { doneAlready: true })]);
    expect(bench.notes).to.include('run databases');
  });

  it('verifies a stage that was known to be done before an operator had it tried again', async () => {
    await bench.run([bench.stage('databases', { doneAlready: true })]);
    await bench.run([bench.stage('databases', { missing: ['io.cozy.files'] })], 1);
    expect(bench.notes).to.include('verify databases').and.include('run databases');
  });

  describe('that begins while that is recorded', () => {
    /** Records that are held until they are let go. */
    function holding() {
      let letGo: (error?: Error) => void = () => undefined;
      const held = new Promise<void>((resolve, reject) => {
        letGo = (error) => (error === undefined ? resolve() : reject(error));
      });
      const record = async (progress: Progress) => {
        await held;
        bench.progress = progress;
      };
      return { record, letGo: (error?: Error) => letGo(error) };
    }
    const options = (stages: readonly TestStep[], record: (progress: Progress) => Promise<void>) => ({
      ...{ stages, context: undefined, signal: new AbortController().signal, log: silentLog() },
      ...{ generation: 0, progress: () => bench.progress, record },
    });

    it('runs at once, and has ended once both are over', async () => {
      const { record, letGo } = holding();
      const ran = new Promise<void>((resolve) => {
        const stage = bench.stage('register', { meanwhile: true });
        const run = async () => {
          resolve();
          return undefined;
        };
        void runStages(options([{ ...stage, run }], record)).then(() => void bench.notes.push('end'));
      });
      await ran;
      expect(bench.notes).to.deep.equal([]);
      letGo();
      await new Promise((resolve) => setImmediate(resolve));
      expect(bench.notes).to.deep.equal(['end']);
      expect(bench.progress.stages.map(({ state }) => state)).to.deep.equal(['done']);
    });

    it('is not taken for done where it could not be recorded', async () => {
      const { record, letGo } = holding();
      const lost = new Error('lost');
      const end = thrownBy(
        runStages(options([bench.stage('register', { meanwhile: true }), bench.stage('apps')], record)),
      );
      letGo(lost);
      expect(await end).to.equal(lost);
      expect(bench.notes).to.deep.equal(['run register']);
    });

    it('waits for the record beside one that does not', async () => {
      const { record, letGo } = holding();
      const together = [bench.stage('indexes', { meanwhile: true }), bench.stage('settings')];
      const end = runStages(options([{ together }], record));
      await new Promise((resolve) => setImmediate(resolve));
      expect(bench.notes).to.deep.equal([]);
      letGo();
      await end;
      expect(bench.notes).to.deep.equal(['run indexes', 'run settings']);
    });
  });

  it('verifies what was done before an operator had it tried again', async () => {
    bench.done('register', 'databases');
    await bench.run([bench.stage('register'), bench.stage('databases')], 1);
    expect(bench.notes.filter((note) => !note.startsWith('record'))).to.deep.equal([
      'verify register',
      'verify databases',
    ]);
  });

  it('runs a done stage again where something of it is missing', async () => {
    bench.done('register', 'databases');
    await bench.run([bench.stage('register'), bench.stage('databases', { missing: ['io.cozy.files'] })], 1);
    expect(bench.notes).to.include('run databases').and.not.include('run register');
    const [register, databases] = bench.progress.stages;
    expect(register).to.include({ stage: 'register', tries: 1, generation: 1 });
    expect(databases).to.include({ stage: 'databases', tries: 2, generation: 1 });
  });

  it('verifies once a retry, not at each attempt', async () => {
    bench.done('register');
    await bench.run([bench.stage('register')], 1);
    bench.notes.length = 0;
    await bench.run([bench.stage('register')], 1);
    expect(bench.notes).to.deep.equal([]);
  });

  it('ends early with the outcome of a stage', async () => {
    const stages = [bench.stage('register', { outcome: 'exists' }), bench.stage('databases')];
    expect(await bench.run(stages)).to.equal('exists');
    expect(bench.notes).to.not.include('run databases');
  });

  it('stops before the next stage once it is told to', async () => {
    const reason = new Error('stop');
    const observer = { after: () => bench.abort(reason) };
    const stages = [bench.stage('register'), bench.stage('databases')];
    expect(await thrownBy(bench.run(stages, 0, observer))).to.equal(reason);
    expect(bench.notes).to.not.include('run databases');
  });

  it('forgets no stage that was done when the look at the next one fails', async () => {
    bench.done('databases');
    const gone = new Error('CouchDB is away');
    const databases: TestStage = { ...bench.stage('databases'), verify: () => Promise.reject(gone) };
    expect(await thrownBy(bench.run([bench.stage('register'), databases], 1))).to.equal(gone);
    expect(bench.progress.stages.find(({ stage }) => stage === 'register')).to.include({ state: 'done' });
  });

  it('forgets no stage that was done before those that are skipped', async () => {
    bench.done('databases');
    await bench.run([bench.stage('register'), bench.stage('databases')]);
    expect(bench.progress.stages.map(({ stage, state }) => `${stage} ${state}`)).to.have.members([
      'databases done',
      'register done',
    ]);
  });

  it('takes a stage for not done that was told to stop while it ran', async () => {
    const reason = new Error('stop');
    const stage: TestStage = {
      ...bench.stage('register'),
      run: async () => {
        bench.abort(reason);
        return undefined;
      },
    };
    expect(await thrownBy(bench.run([stage]))).to.equal(reason);
    expect(bench.progress.stages[0]?.state).to.equal('running');
  });

  it('tells an observer around each stage that runs, and waits for it', async () => {
    bench.done('register');
    const observer: StageObserver = {
      before: async (stage) => {
        await Promise.resolve();
        bench.notes.push(`before ${stage}`);
      },
      after: (stage) => void bench.notes.push(`after ${stage}`),
    };
    await bench.run([bench.stage('register'), bench.stage('databases')], 0, observer);
    expect(bench.notes.filter((note) => !note.startsWith('record'))).to.deep.equal([
      'before databases',
      'run databases',
      'after databases',
    ]);
  });

  it('tells of the end of a stage only once it is recorded', async () => {
    const observer: StageObserver = { after: (stage) => void bench.notes.push(`after ${stage}`) };
    await bench.run([bench.stage('register'), bench.stage('databases')], 0, observer);
    expect(bench.notes).to.deep.equal([
      'record register running',
      'run register',
      'record register done, databases running',
      'after register',
      'run databases',
      'record databases done',
      'after databases',
    ]);
  });
});

describe('stages side by side', () => {
  let bench: Bench;
  const failure = new Error('no room left');

  beforeEach(() => {
    bench = new Bench();
  });

  /** One that goes on once it is told to. */
  function waiting(name: Name): { stage: TestStage; begun: Promise<void>; goOn(): void } {
    const stage = bench.stage(name);
    let goOn = (): void => undefined;
    const mayGoOn = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let tell = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const run = async () => {
      tell();
      await mayGoOn;
      return stage.run(undefined);
    };
    return { stage: { ...stage, run }, begun, goOn };
  }

  const states = () => bench.progress.stages.map(({ stage, state, tries }) => `${stage} ${state} ${tries}`);

  it('run at the same time', async () => {
    const [one, other] = [waiting('indexes'), waiting('directories')];
    const end = bench.run([{ together: [one.stage, other.stage] }]);
    await Promise.all([one.begun, other.begun]);
    one.goOn();
    other.goOn();
    await end;
    expect(states()).to.deep.equal(['indexes done 1', 'directories done 1']);
  });

  it('are recorded in one write when they begin, and in one with what comes next when they have ended', async () => {
    const together = [bench.stage('indexes'), bench.stage('directories')];
    await bench.run([bench.stage('databases'), { together }, bench.stage('finish')]);
    expect(bench.notes.filter((note) => note.startsWith('record'))).to.deep.equal([
      'record databases running',
      'record databases done, indexes running, directories running',
      'record indexes done, directories done, finish running',
      'record finish done',
    ]);
  });

  it('are waited for when one of them fails, which stays the current one', async () => {
    const [failing, slow] = [bench.stage('indexes', { fails: failure }), waiting('directories')];
    const thrown = thrownBy(bench.run([{ together: [failing, slow.stage] }, bench.stage('finish')]));
    await slow.begun;
    slow.goOn();
    expect(await thrown).to.equal(failure);
    expect(states()).to.deep.equal(['indexes running 1', 'directories done 1']);
    expect(currentStage(bench.progress, ['indexes', 'directories', 'finish'])).to.equal('indexes');
  });

  it('name the later one as current where only that failed', async () => {
    const together = [bench.stage('indexes'), bench.stage('directories', { fails: failure })];
    expect(await thrownBy(bench.run([{ together }]))).to.equal(failure);
    expect(currentStage(bench.progress, ['indexes', 'directories'])).to.equal('directories');
  });

  it('are run again without those that were done', async () => {
    const failing = bench.stage('indexes', { fails: failure });
    await thrownBy(bench.run([{ together: [failing, bench.stage('directories')] }]));
    bench.notes.length = 0;
    await bench.run([{ together: [bench.stage('indexes'), bench.stage('directories')] }]);
    expect(bench.notes).to.not.include('run directories');
    expect(states()).to.have.members(['indexes done 2', 'directories done 1']);
  });

  it('are not taken for done where their worker was told to stop while they ran', async () => {
    const reason = new Error('stop');
    const slow = waiting('directories');
    const end = thrownBy(bench.run([{ together: [bench.stage('indexes'), slow.stage] }]));
    await slow.begun;
    bench.abort(reason);
    slow.goOn();
    expect(await end).to.equal(reason);
    expect(states()).to.deep.equal(['indexes running 1', 'directories running 1']);
  });

  it('go on from where a version that ran them one by one stopped', async () => {
    bench.done('indexes');
    const running = {
      stage: 'directories',
      state: 'running',
      startedAt: 1,
      tries: 1,
      generation: 0,
    } as const;
    bench.progress = { ...bench.progress, stages: [...bench.progress.stages, running] };
    const together = [bench.stage('indexes'), bench.stage('directories'), bench.stage('settings')];
    await bench.run([{ together }]);
    expect(states()).to.have.members(['indexes done 1', 'directories done 2', 'settings done 1']);
  });

  it('that began together are finished by a version that runs them one by one', async () => {
    const failing = bench.stage('indexes', { fails: failure });
    await thrownBy(bench.run([{ together: [failing, bench.stage('directories'), bench.stage('settings')] }]));
    await bench.run([bench.stage('indexes'), bench.stage('directories'), bench.stage('settings')]);
    expect(states()).to.have.members(['indexes done 2', 'directories done 1', 'settings done 1']);
  });

  it('are verified each by itself before an operator’s retry, and run again where something is missing', async () => {
    bench.done('indexes', 'directories');
    const together = [bench.stage('indexes'), bench.stage('directories', { missing: ['/Photos'] })];
    await bench.run([{ together }], 1);
    expect(bench.notes).to.include('run directories').and.not.include('run indexes');
    expect(states()).to.have.members(['indexes done 1', 'directories done 2']);
  });

  it('are told of before the first begins, and after the last has ended', async () => {
    const observer: StageObserver = {
      before: (stage) => void bench.notes.push(`before ${stage}`),
      after: (stage) => void bench.notes.push(`after ${stage}`),
    };
    await bench.run([{ together: [bench.stage('indexes'), bench.stage('directories')] }], 0, observer);
    expect(bench.notes.filter((note) => !note.startsWith('record'))).to.deep.equal([
      'before indexes',
      'before directories',
      'run indexes',
      'run directories',
      'after indexes',
      'after directories',
    ]);
  });
});

describe('the current stage', () => {
  const names: readonly Name[] = ['register', 'databases'];

  it('is the first one before anything has begun', () => {
    expect(currentStage({ stages: [] }, names)).to.equal('register');
  });

  it('is the one that runs', () => {
    const bench = new Bench();
    bench.done('register');
    expect(currentStage(bench.progress, names)).to.equal('databases');
  });

  it('is none when all are done', () => {
    const bench = new Bench();
    bench.done('register', 'databases');
    expect(currentStage(bench.progress, names)).to.equal(undefined);
  });
});
