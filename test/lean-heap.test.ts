import { getHeapStatistics } from 'node:v8';
import { expect } from 'chai';
import { createLeanHeap } from '../src/lean-heap.ts';

describe('a lean heap', () => {
  const MB = 1024 * 1024;
  const used = () => getHeapStatistics().used_heap_size;

  function filled(): number[][] {
    return Array.from({ length: 4_000 }, (_, at) => Array.from({ length: 1_000 }, (__, n) => at + n + 0.5));
  }

  it('collects what has piled up, once there is much', () => {
    const heap = createLeanHeap();
    let kept = filled();
    const before = used();
    expect(kept).to.have.length(4_000);
    kept = [];
    for (let steps = 0; steps < 1_000; steps += 1) heap.step();
    expect(before - used()).to.be.above(20 * MB);
  });
});
