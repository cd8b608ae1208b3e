import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { type ProcStat, parseProcStat, readProcStats, treeCpuMs } from '../../../bench/cpu/proc-stat.ts';
import { ownModule } from '../../support/own-process.ts';

/** As Linux writes it; the fields behind the processor times are of no concern. */
const LINE =
  '17993 (beam.smp) S 1 17993 17993 0 -1 4194304 14765 554 0 0 186 22 3 4 20 0 26 0 54108 2215010304 18318 0\n';

function stat(pid: number, parent: number, own: number, ended = 0): ProcStat {
  return { pid, parent, name: 'x', own, ended };
}

describe('the processor time of a process', () => {
  it('is read as user and system time, apart from that of ended children', () => {
    expect(parseProcStat(LINE)).to.deep.equal({
      pid: 17993,
      parent: 1,
      name: 'beam.smp',
      own: 208,
      ended: 7,
    });
  });

  it('is found behind a name with blanks and brackets', () => {
    const read = parseProcStat(LINE.replace('beam.smp', 'sh (-s) 1 2'));
    expect(read).to.deep.include({ name: 'sh (-s) 1 2', parent: 1, own: 208 });
  });

  it('is not read from a line that was cut', () => {
    expect(parseProcStat(LINE.slice(0, 60))).to.equal(undefined);
  });

  it('is not read from nothing', () => {
    expect(parseProcStat('')).to.equal(undefined);
  });

  it('holds that of all descendants, running and ended, in milliseconds', () => {
    const stats = [stat(5, 4, 10), stat(2, 1, 100, 7), stat(4, 2, 20), stat(3, 1, 1000)];
    expect(treeCpuMs(2, stats)).to.equal(1370);
  });

  it('is not known of a process that is not there', () => {
    expect(treeCpuMs(9, [stat(2, 1, 100)])).to.equal(undefined);
  });

  it('is known of a process of this machine', async function () {
    if (!existsSync('/proc/self/stat')) this.skip();
    const { file, execArgv } = ownModule('./busy-process', import.meta.url);
    const child = fork(file, [], { execArgv: [...execArgv] });
    try {
      await once(child, 'message');
      const ms = treeCpuMs(child.pid ?? 0, await readProcStats());
      expect(ms).to.be.at.least(100);
    } finally {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  });
});
