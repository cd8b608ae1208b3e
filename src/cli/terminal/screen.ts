/** A place to draw; `process.stdout` is one. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Whether what is on it can be drawn over. */
export function isLive(screen: Screen, env: NodeJS.ProcessEnv): boolean {
  return screen.isTTY === true && env['TERM'] !== 'dumb';
}
