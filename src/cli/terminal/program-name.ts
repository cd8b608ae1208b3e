const NAME = 'cozy-fleet';

/**
 * How the commands of this program are typed where it runs: started by `npm start` or `npx`, only npm knows where it is.
 * @param env of the process
 */
export function programName(env: NodeJS.ProcessEnv): string {
  const { npm_lifecycle_event: event, npm_lifecycle_script: script = '' } = env;
  const isByNpx = event === 'npx' && script.split(' ', 1).includes(NAME);
  return event === 'start' || isByNpx ? `npx ${NAME}` : NAME;
}
