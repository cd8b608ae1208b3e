import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { WorkEvent, WorkerReport } from '../../jobs/queue/work-event.ts';

/** Upper ends of the classes of a stage's time, in seconds; applications can take minutes. */
const SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Numbers of one worker, counted in its own process since its start. */
export interface WorkMetrics {
  /** To be told each step of the work. */
  note(event: WorkEvent): void;
  /** @param report of the worker, once there is one */
  refresh(report: WorkerReport | undefined): void;
}

export function createWorkMetrics(register: Registry): WorkMetrics {
  const registers = [register];
  const stages = new Histogram({
    name: 'cozy_fleet_stage_seconds',
    help: 'How long stages took that this worker has done',
    labelNames: ['kind', 'stage'],
    buckets: SECONDS,
    registers,
  });
  const tries = new Counter({
    name: 'cozy_fleet_failed_tries_total',
    help: 'Tries of this worker that failed, by code and what came next: fail, try-again, hand-back, slow-down',
    labelNames: ['kind', 'code', 'next'],
    registers,
  });
  const ended = new Counter({
    name: 'cozy_fleet_worker_jobs_ended_total',
    help: 'Jobs that this worker has ended for good',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const running = new Gauge({
    name: 'cozy_fleet_worker_jobs_running',
    help: 'Jobs that this worker is at',
    registers,
  });
  const progress = new Gauge({
    name: 'cozy_fleet_worker_last_progress_seconds',
    help: 'When a job began, ended or came a stage further here; seconds since 1970',
    registers,
  });
  const targets = new Gauge({
    name: 'cozy_fleet_worker_target_up',
    help: 'Whether this worker can work with Redis, each CouchDB and the storage',
    labelNames: ['target'],
    registers,
  });

  return {
    note(event) {
      switch (event.event) {
        case 'stage':
          stages.observe({ kind: event.kind, stage: event.stage }, event.ms / 1000);
          break;
        case 'failed-try':
          tries.inc({ kind: event.kind, code: event.code, next: event.next });
          break;
        case 'ended':
          ended.inc({ kind: event.kind, outcome: event.state });
          break;
        case 'began':
        case 'left':
          break;
      }
    },
    refresh(report) {
      targets.reset();
      running.set(report?.running ?? 0);
      if (report === undefined) return;
      progress.set(report.lastProgressAt / 1000);
      for (const { name, reason } of report.targets) targets.set({ target: name }, reason === '' ? 1 : 0);
    },
  };
}
