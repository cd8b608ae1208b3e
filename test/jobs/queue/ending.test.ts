import { expect } from 'chai';
import { failureText, knownFailure, missingApps, readFailureText } from '../../../src/jobs/queue/ending.ts';
import type { AppRecord } from '../../../src/jobs/queue/progress.ts';

describe('the text of a failure', () => {
  it('of a code that another version wrote tells of it in the message', () => {
    const known = { code: 'couchdb_409', message: 'a', advice: 'b' };
    expect(knownFailure(known)).to.deep.equal(known);
    const foreign = { code: 'of_old', message: 'a', advice: 'b' };
    expect(knownFailure(foreign)).to.deep.equal({ code: 'other', message: 'of_old: a', advice: 'b' });
  });

  it('comes back as it was put together', () => {
    const reason = {
      code: 'taken',
      message: 'a.org: belongs to somebody',
      advice: 'Choose another.\nOr not.',
    };
    expect(readFailureText(failureText(reason))).to.deep.equal(reason);
  });

  it('has no line for an advice that is not given', () => {
    expect(failureText({ code: 'taken', message: 'gone', advice: '' })).to.equal('taken: gone');
  });

  it('keeps a message in one line, so that the advice stays apart', () => {
    const text = failureText({ code: 'x', message: 'one\ntwo', advice: 'three' });
    expect(readFailureText(text)).to.deep.equal({ code: 'x', message: 'one two', advice: 'three' });
  });

  it('is all message when it is not ours', () => {
    const text = 'job stalled more than allowable limit';
    expect(readFailureText(text)).to.deep.equal({ code: 'unknown', message: text, advice: '' });
  });
});

describe('missingApps', () => {
  const order = {
    v: 1,
    kind: 'install-apps',
    domain: 'alice.example.org',
    apps: ['drive', 'notes'],
    generation: 0,
    tries: 8,
  } as const;
  const payload = { ...order, apps: [...order.apps] };

  function record(app: string, state: AppRecord['state']): AppRecord {
    return { app, state, tries: 1, generation: 0 };
  }

  it('names what was never tried', () => {
    expect(missingApps(payload, { stages: [] })).to.deep.equal(['drive', 'notes']);
  });

  it('names what failed', () => {
    const apps = [record('drive', 'installed'), record('notes', 'failed')];
    expect(missingApps(payload, { stages: [], apps })).to.deep.equal(['notes']);
  });

  it('does not name what was there already', () => {
    const apps = [record('drive', 'present'), record('notes', 'installed')];
    expect(missingApps(payload, { stages: [], apps })).to.deep.equal([]);
  });

  it('names nothing for a job that has ended well', () => {
    const { v, kind, domain } = order;
    expect(missingApps({ v, kind, domain, outcome: 'installed' }, { stages: [] })).to.deep.equal([]);
  });
});
