import { once } from 'node:events';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { gatherWrites } from '../../src/redis/gather-writes.ts';

describe('gatherWrites', () => {
  /** Keeps the pieces as they would leave. */
  function open(): { readonly socket: Writable; readonly pieces: string[] } {
    const pieces: string[] = [];
    const socket = new Writable({
      decodeStrings: false,
      writev(chunks, done) {
        pieces.push(chunks.map(({ chunk }) => String(chunk)).join(''));
        done();
      },
      write(chunk, _encoding, done) {
        pieces.push(String(chunk));
        done();
      },
    });
    gatherWrites(socket);
    return { socket, pieces };
  }

  it('lets what is written in one turn leave in one piece, in its order', async () => {
    const { socket, pieces } = open();
    socket.write('one ');
    await Promise.resolve();
    socket.write(Buffer.from('two '));
    process.nextTick(() => socket.write('three'));
    await nextTurn();
    expect(pieces).to.deep.equal(['one two three']);
  });

  it('holds nothing back for longer than a turn', async () => {
    const { socket, pieces } = open();
    socket.write('one');
    await nextTurn();
    socket.write('two');
    await nextTurn();
    expect(pieces).to.deep.equal(['one', 'two']);
  });

  it('lets what was written before the end leave', async () => {
    const { socket, pieces } = open();
    socket.write('one');
    socket.end();
    await once(socket, 'finish');
    expect(pieces.join('')).to.equal('one');
  });

  it('tells each writer that its own has left', async () => {
    const { socket } = open();
    const left = new Promise((resolve) => socket.write('one', resolve));
    socket.write('two');
    await left;
  });
});
