import { AppError } from '../errors.ts';

/** When a service runs by itself, as its trigger tells: `{ type: '@every', arguments: '2h' }`. */
export interface Schedule {
  readonly type: string;
  readonly arguments: string;
}

/** Longest part of a trigger that an error quotes: whoever writes a manifest may write anything. */
const QUOTED = 60;

/** A trigger that no stack would take. */
export class UnreadableSchedule extends AppError {
  /** What is wrong with it, to be read after its name. */
  readonly reason: string;

  constructor({ type, arguments: given }: Schedule, needs: string) {
    const reason = `is not a trigger that a stack knows: ${needs}`;
    const trigger = `${type} ${given}`.trim().slice(0, QUOTED);
    super(
      'app_manifest',
      `${JSON.stringify(trigger)} ${reason}`,
      'final',
      'Tell those who publish the application.',
    );
    this.reason = reason;
  }
}
