import { expect } from 'chai';
import { busy } from '../../src/jobs/busy.ts';
import { wordsOf } from '../../src/jobs/kind-words.ts';
import { JOB_KINDS } from '../../src/jobs/payload.ts';

describe('a name that is held', () => {
  const told = (kind: string) => busy({ jobId: 'j', kind, name: 'a.example.org' }).message;

  it('is told with what its holder is doing, of whatever kind that is', () => {
    for (const kind of JOB_KINDS) {
      expect(told(kind)).to.equal(`busy: job j is ${wordsOf(kind).doing} a.example.org`);
    }
    expect(told('repair')).to.equal('busy: job j is repairing a.example.org');
  });

  it('is told in plain words where the kind is of another version', () => {
    expect(told('archive')).to.equal('busy: job j is working on a.example.org');
  });
});
