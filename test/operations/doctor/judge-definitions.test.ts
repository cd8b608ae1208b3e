import { expect } from 'chai';
import { judgeDefinitions } from '../../../src/operations/doctor/couchdb/definitions.ts';
import { saidOf } from './said.ts';

type Facts = Parameters<typeof judgeDefinitions>[0];

const SHOWN_39 = { version: 39, known: 'shown' } as const;
const SHOWN_38 = { version: 38, known: 'shown' } as const;

const judged = (facts: Partial<Facts>, ...instances: readonly (readonly [number, number])[]) =>
  saidOf(
    judgeDefinitions({ shown: SHOWN_39, configured: undefined, ...facts, instances: new Map(instances) }),
  );

describe('what doctor says of the definitions of indexes', () => {
  it('finds nothing where all have the same number', () => {
    expect(judged({}, [39, 20])).to.deep.equal([
      'ok platform: new instances get the 39 definitions of indexes: a stack has shown that',
      'ok instances: the instances have them, too (20 looked at)',
    ]);
  });

  it('says nothing of instances where there is none', () => {
    expect(judged({ shown: { version: 39, known: 'assumed' } })).to.deep.equal([
      'ok platform: new instances get the 39 definitions of indexes: no stack has shown another yet',
    ]);
  });

  it('warns of a configured number that is not the one of the stack', () => {
    expect(judged({ configured: 38 })[0]).to.match(
      /^warn platform: fleet\.indexes_version says 38, and a stack of 39 .*fleet\.indexes_version: 39/,
    );
    expect(judged({ configured: 39 })[0]).to.match(/^ok /);
    expect(judged({ shown: { version: 39, known: 'assumed' }, configured: 38 })[0]).to.match(/^ok /);
  });

  it('fails instances of a number that nobody knows here', () => {
    expect(judged({}, [39, 17], [40, 3])).to.include(
      'fail instances: 3 of 20 instances that were looked at have definitions 40: a stack of another number is here, and newer' +
        ' than all that is known (38, 39); fsck and repair leave its instances alone' +
        ' | Install a cozy-fleet that knows them, on all machines with workers.',
    );
  });

  it('warns of instances of an older stack, and says what brings them up', () => {
    expect(judged({}, [38, 5], [39, 1])[1]).to.match(
      /^warn instances: 5 of 6 .*definitions 38.* \| .*instances repair --all$/,
    );
    expect(judged({ shown: SHOWN_38 }, [37, 1])[1]).to.match(/^warn instances: .*Nothing is broken/);
  });

  it('warns of instances that are ahead of the platform', () => {
    expect(judged({ shown: SHOWN_38 }, [39, 2])[1]).to.match(
      /^warn instances: 2 of 2 .*fleet\.indexes_version: 39/,
    );
  });
});
