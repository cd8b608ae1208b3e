import { FleetError, toError } from '../../errors.ts';
import { startEmbeddedCouch } from './server.ts';

/** The embedded CouchDB as a process of its own; its arguments come by environment. */
async function main(): Promise<void> {
  const couch = await startEmbeddedCouch({
    port: Number(variable('FLEET_COUCH_PORT')),
    dataDir: variable('FLEET_COUCH_DIR'),
    user: variable('FLEET_COUCH_USER'),
    password: variable('FLEET_COUCH_PASSWORD'),
  });
  const leave = (): void => {
    void couch.close().finally(() => process.exit());
  };
  process.once('SIGTERM', leave);
  process.once('SIGINT', leave);
  // Its parent has gone: nobody is left to stop it.
  process.once('disconnect', leave);
  process.stdout.write(`ready ${couch.url}\n`);
}

function variable(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new FleetError('missing_variable', `${name} is not set`, 'start it with `cozy-fleet up`');
}

main().catch((thrown: unknown) => {
  const error = toError(thrown);
  const advice = error instanceof FleetError && error.advice ? `\n${error.advice}` : '';
  process.stderr.write(`${error.message}${advice}\n`);
  process.exit(1);
});
