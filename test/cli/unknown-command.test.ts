import { expect } from 'chai';
import { unknownCommandText } from '../../src/cli/unknown-command.ts';

const KNOWN = {
  commands: ['doctor', 'instances:add', 'instances:ls', 'batches:show', 'queues:rate'],
  topics: ['instances', 'batches', 'queues'],
};

const textOf = (id: string) => unknownCommandText(id, KNOWN, 'fleet');

describe('words that lead to no command', () => {
  it('are told with the command that is near', () => {
    expect(textOf('instances:ad:foo.example')).to.equal(
      'There is no command "fleet instances ad". Did you mean "fleet instances add"?',
    );
  });

  it('are told with the topic that is near', () => {
    expect(textOf('instance:add')).to.equal(
      'There is no command "fleet instance". Did you mean "fleet instances"?',
    );
  });

  it('are told with where to look, where none is near', () => {
    expect(textOf('instances:unblock:foo.example')).to.equal(
      'There is no command "fleet instances unblock". See fleet instances --help.',
    );
    expect(textOf('frobnicate')).to.equal('There is no command "fleet frobnicate". See fleet --help.');
  });

  it('may be those of a command that takes no such word, a colon in it or not', () => {
    for (const word of ['bob.example.org', 'bob.localhost:8090']) {
      expect(textOf(`instances:ls:${word}`)).to.equal(
        '"fleet instances ls" takes flags only. See fleet instances ls --help.',
      );
    }
  });
});
