import { expect } from 'chai';
import { createHealthWatch, type HealthWatch, NOT_LOOKED_AT } from '../src/health-watch.ts';
import { until } from './support/until.ts';

describe('a look at what must be well', () => {
  let watch: HealthWatch | undefined;

  afterEach(() => watch?.stop());

  const reason = () => watch?.states()[0]?.reason;

  it('knows nothing at first, and then what was found, each change told once', async () => {
    let found = '';
    let changes = 0;
    const look = async () => found;
    const onChange = () => {
      changes += 1;
    };
    watch = createHealthWatch({ checks: [{ name: 'a', look }], onChange, intervalMs: 1 });
    expect(reason()).to.equal(NOT_LOOKED_AT);
    await until('it is well', () => reason() === '');
    found = 'is away';
    await until('it is away', () => reason() === 'is away');
    expect(changes).to.equal(2);
  });

  it('takes what is thrown for the reason', async () => {
    const look = async () => {
      throw new Error('ENOENT');
    };
    watch = createHealthWatch({ checks: [{ name: 'a', look }], intervalMs: 1 });
    await until('it is away', () => reason() === 'ENOENT');
  });

  it('waits for no answer longer than it may, asks once, and learns of the answer that comes', async () => {
    let asked = 0;
    let answer = (_reason: string): void => undefined;
    const look = () => {
      asked += 1;
      return new Promise<string>((resolve) => {
        answer = resolve;
      });
    };
    // It is late again soon after: what was known in between is noted.
    const known: (string | undefined)[] = [];
    const onChange = () => known.push(reason());
    watch = createHealthWatch({ checks: [{ name: 'a', look }], intervalMs: 1, timeoutMs: 5, onChange });
    await until('it is late', () => known[0]?.startsWith('does not answer within') === true);
    expect(asked).to.equal(1);
    answer('');
    await until('it was well', () => known[1] === '');
  });
});
