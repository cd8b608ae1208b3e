import { expect } from 'chai';
import { busy } from '../../../src/jobs/claims/busy.ts';
import { JOB_KINDS, KIND_NAMES } from '../../../src/jobs/kinds/job-kinds.ts';

describe('a name that is held', () => {
  const told = (kind: string) => busy({ jobId: 'j', kind, name: 'a.example.org' }).message;

  it('is told with what its holder is doing, of whatever kind that is', () => {
    for (const kind of KIND_NAMES) {
      expect(told(kind)).to.equal(`busy: job j is ${JOB_KINDS[kind].words.doing} a.example.org`);
    }
    expect(told('repair')).to.equal('busy: job j is repairing a.example.org');
    expect(told('install-apps')).to.equal('busy: job j is installing the applications on a.example.org');
  });

  it('is told in plain words where the kind is of another version', () => {
    expect(told('archive')).to.equal('busy: job j is working on a.example.org');
  });
});
