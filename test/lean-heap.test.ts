import { getHeapStatistics } from 'node:v8';
import { expect } from 'chai';
import { createLeanHeap } from '../src/lean-heap.ts';

describe('a lean heap', () => {
  const MB = 1024 * 1024;
  const used = () => getHeapStatistics().used_heap_size;
  const kept = new Map<string, number[][]>();

  /** In a function of its own, which keeps nothing of it when it has ended. */
  function fill(): void {
    const numbers = (from: number) => Array.from({ length: 1_000 }, (_, at) => from + at + 0.5);
    kept.set(
      'rows',
      Array.from({ length: 8_000 }, (_, at) => numbers(at)),
    );
  }

  it('collects what has piled up, once there is much', () => {
    const heap = createLeanHeap();
    fill();
    const before = used();
    kept.clear();
    for (let steps = 0; steps < 1_000; steps += 1) heap.step();
    expect(before - used()).to.be.above(40 * MB);
  });
});
