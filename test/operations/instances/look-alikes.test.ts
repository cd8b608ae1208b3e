import { expect } from 'chai';
import { NamesOfFile } from '../../../src/operations/input/names-of-file.ts';
import { alikeAmong } from '../../../src/operations/instances/look-alikes.ts';

async function* existing(...names: string[]): AsyncGenerator<string> {
  yield* names;
}

async function twins(names: readonly string[], ...others: string[]): Promise<string[]> {
  const newNames = new NamesOfFile();
  for (const [at, name] of names.entries()) {
    const named = [{ column: 'domain', name }];
    newNames.add(named, at + 2);
    newNames.addLooks(named, at + 2);
  }
  const told: string[] = [];
  for await (const { line, doubt } of alikeAmong(newNames, existing(...others))) {
    told.push(`${line} ${doubt.column} ${doubt.message}`);
  }
  return told;
}

describe('new names', () => {
  it('are told that look like one that exists, with what nobody sees in it', async () => {
    const told = await twins(
      ['alice.example.org', 'bob.example.org'],
      'аlice.example.org',
      'bo\u00adb.example.org',
    );
    expect(told).to.deep.equal([
      '2 domain it looks like the name "аlice.example.org" of an instance that exists, and is another',
      '3 domain it looks like the name "bo<U+00AD>b.example.org" of an instance that exists, and is another',
    ]);
  });

  it('are no twins of themselves, as where a file is submitted again', async () => {
    expect(await twins(['alice.example.org'], 'alice.example.org', 'carol.example.org')).to.deep.equal([]);
  });
});
