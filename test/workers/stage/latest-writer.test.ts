import { expect } from 'chai';
import { createLatestWriter, type LatestWriter } from '../../../src/workers/stage/latest-writer.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('a writer of which only the latest value counts', () => {
  /** Writes that have begun, each to be ended by hand. */
  let writes: { readonly value: number; end(): void; fail(error: Error): void }[];
  let begin: () => void;
  let writer: LatestWriter<number>;

  beforeEach(() => {
    writes = [];
    const first = new Promise<void>((resolve) => {
      begin = resolve;
    });
    writer = createLatestWriter<number>(
      (value) => new Promise((end, fail) => void writes.push({ value, end, fail })),
      first,
    );
  });

  /** Once all that can go on by itself has done so. */
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('writes nothing before what comes first is over', async () => {
    void writer.write(1);
    await turn();
    expect(writes).to.deep.equal([]);
    begin();
    await turn();
    expect(writes.map(({ value }) => value)).to.deep.equal([1]);
  });

  it('writes one at a time, and what comes meanwhile together, as the last of it', async () => {
    begin();
    void writer.write(1);
    await turn();
    const others = [writer.write(2), writer.write(3)];
    await turn();
    expect(writes).to.have.length(1);
    writes[0]?.end();
    await turn();
    expect(writes.map(({ value }) => value)).to.deep.equal([1, 3]);
    writes[1]?.end();
    await Promise.all(others);
  });

  it('has settled only once the last value is written', async () => {
    begin();
    void writer.write(1);
    await turn();
    let isSettled = false;
    void writer.write(2);
    const settled = writer.settled().then(() => {
      isSettled = true;
    });
    writes[0]?.end();
    await turn();
    expect(isSettled).to.equal(false);
    writes[1]?.end();
    await settled;
  });

  it('writes nothing any more after a failure, and tells everybody of it', async () => {
    const failure = new Error('not ours any more');
    begin();
    const one = thrownBy(writer.write(1));
    await turn();
    const other = thrownBy(writer.write(2));
    writes[0]?.fail(failure);
    expect([await one, await other, await thrownBy(writer.settled())]).to.deep.equal([
      failure,
      failure,
      failure,
    ]);
    expect(await thrownBy(writer.write(3))).to.equal(failure);
    expect(writes).to.have.length(1);
  });
});
