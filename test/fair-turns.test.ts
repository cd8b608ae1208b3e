import { expect } from 'chai';
import { createFairTurns } from '../src/fair-turns.ts';
import { thrownBy } from './support/thrown-by.ts';

describe('fair turns', () => {
  const patient = new AbortController().signal;

  /** Work that ends when it is told to. */
  function heldWork(): { work(): Promise<void>; end(): void; readonly begun: boolean } {
    let end = (): void => undefined;
    let begun = false;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    return {
      work: () => {
        begun = true;
        return ended;
      },
      end: () => end(),
      get begun() {
        return begun;
      },
    };
  }

  it('let somebody else in before the second of one who asks for much', async () => {
    const turns = createFairTurns(2);
    const [first, second] = [heldWork(), heldWork()];
    const many = [first, second].map(({ work }) => turns.take('greedy', patient, work));

    expect(await turns.take('other', patient, async () => 'done')).to.equal('done');
    expect([first.begun, second.begun]).to.deep.equal([true, false]);

    first.end();
    second.end();
    await Promise.all(many);
    expect(second.begun).to.equal(true);
  });

  it('do not begin what nobody waits for any more', async () => {
    const turns = createFairTurns(1);
    const leaving = new AbortController();
    const [first, second] = [heldWork(), heldWork()];
    const running = turns.take('one', patient, first.work);
    const waiting = thrownBy(turns.take('one', leaving.signal, second.work));
    leaving.abort(new Error('gone'));
    first.end();

    await running;
    expect(await waiting).to.have.property('message', 'gone');
    expect(second.begun).to.equal(false);
  });

  it('remember nobody who has no work', async () => {
    const turns = createFairTurns(1);
    await Promise.all(['a', 'b', 'a'].map((owner) => turns.take(owner, patient, async () => undefined)));
    await thrownBy(turns.take('c', patient, () => Promise.reject(new Error('failed'))));
    expect(turns.owners).to.equal(0);
  });
});
