import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { inspectConfig } from '../../../src/config/inspect-config.ts';
import { judgeMode } from '../../../src/operations/doctor/check-files.ts';
import { judgeConfiguration } from '../../../src/operations/doctor/judge-configuration.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { saidOf } from './said.ts';

describe('what doctor says of a configuration', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  /** Lines but the first, which names the file; in them `FILE` stands for its path. */
  async function judged(yaml: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
    const directory = cleanup.add(await temporaryDirectory('doctor'), (each) => each.remove());
    const file = join(directory.path, 'cozy.yaml');
    await writeFile(file, yaml);
    const inspection = inspectConfig({ env, cwd: directory.path, home: directory.path });
    return saidOf(judgeConfiguration(inspection))
      .slice(1)
      .map((line) => line.replaceAll(file, 'FILE'));
  }

  it('finds nothing in one that has keys of ours and of the stack', async () => {
    const yaml = `
host: 0.0.0.0
port: 8080
couchdb: { url: http://localhost:5984 }
fs: { url: file:///x, versioning: { max_number_of_versions_to_keep: 3 } }
log: { level: info }
mail: { host: smtp.home }
jobs: { workers: [] }
move: { url: https://move.example.org }
rag: { default: { url: 'http://x' } }
contexts: { beta: { init_photos_folder: true, features: [], logos: {} } }
authentication: { beta: { oidc: {} } }
fleet: { concurrency: 4 }
`;
    expect(await judged(yaml)).to.deep.equal([]);
  });

  for (const [yaml, key, meant] of [
    ['contxts: {}', 'contxts', 'contexts'],
    ['couchdbs: {}', 'couchdbs', 'couchdb'],
    ['fleets: {}', 'fleets', 'fleet'],
    ['couchdb: { clusteres: [] }', 'couchdb.clusteres', 'couchdb.clusters'],
    [
      'couchdb: { clusters: [{ url: x, instance_creatoin: true }] }',
      'couchdb.clusters[0].instance_creatoin',
      'couchdb.clusters.0.instance_creation',
    ],
    ['redis: { databases: { job: 1 } }', 'redis.databases.job', 'redis.databases.jobs'],
    [
      'contexts: { a: { init_photo_folder: false } }',
      'contexts.a.init_photo_folder',
      'contexts.a.init_photos_folder',
    ],
    [
      'vault: { credential_encryptor_key: x }',
      'vault.credential_encryptor_key',
      'vault.credentials_encryptor_key',
    ],
  ] as const) {
    it(`warns of ${key}, which is likely ${meant}`, async () => {
      const lines = await judged(yaml);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(/^warn unknown-key: FILE:1: /);
      expect(lines[0]).to.contain(`${key} is read by nobody`);
      expect(lines[0]).to.contain(`If ${meant} is meant`);
    });
  }

  it('is silent about what may be the stack`s, however little is known of it', async () => {
    expect(await judged('foo: 1\ncouchdb: { bar: 1 }\noffice: {}\nlog: {}\nlck: {}\n')).to.satisfy(
      (lines: string[]) => lines.every((line) => line.includes('lck')),
    );
  });

  it('does not take a key for a misspelling of one that is there', async () => {
    expect(await judged('context: {}\ncontexts: {}\n')).to.deep.equal([]);
  });

  it('fails a key of our own section, and names the closest', async () => {
    expect(await judged('fleet:\n  concurency: 4\n')).to.deep.equal([
      'fail unknown-key: FILE:2: fleet.concurency is not a setting of cozy-fleet | Call it concurrency, if that is meant.',
    ]);
    expect((await judged('fleet: { redis: { adresses: x } }'))[0]).to.match(
      /^fail unknown-key: .*fleet\.redis\.adresses/,
    );
  });

  it('names the new names of old keys', async () => {
    expect(await judged('csp_whitelist: {}\njobs: { whitelist: true }\n')).to.deep.equal([
      "warn old-key: FILE:1: csp_whitelist is an old name of the stack's | Call it csp_allowlist.",
      "warn old-key: FILE:2: jobs.whitelist is an old name of the stack's | Call it jobs.allowlist.",
    ]);
  });

  it('fails a variable that one of our keys asks for, and only names those of the stack', async () => {
    const yaml = 'couchdb: { url: "http://x:{{ .Env.COUCH }}@y" }\nmail: { password: "{{ .Env.MAIL }}" }\n';
    expect(await judged(yaml)).to.deep.equal([
      'fail template: FILE:1: couchdb.url asks for the variable COUCH, which is not set | Set COUCH, or write the value into the file.',
      'ok stack-templates: not set here, and asked for by keys of the stack alone: MAIL',
    ]);
    expect(await judged(yaml, { COUCH: 'pw', MAIL: 'pw' })).to.deep.equal([]);
  });

  it('warns of variables that begin like ours and set nothing', async () => {
    expect(await judged('', { COZY_FLEET_CONCURENCY: '3', COZY_FLEET_Q: '1', COZY_OTHER: '' })).to.deep.equal(
      [
        'warn unknown-variable: the variable COZY_FLEET_CONCURENCY sets nothing | If COZY_FLEET_CONCURRENCY is meant, call it so.',
      ],
    );
  });

  it('never says a value', async () => {
    const lines = await judged('fleet: { redis_ur: redis://:geheim@h/0 }\nmail: { passwrd: geheim }\n', {
      COZY_FLEET_TOKN: 'geheim',
    });
    expect(lines).not.to.be.empty;
    expect(lines.join()).not.to.contain('geheim');
  });

  it('reads the overlay too', async () => {
    const directory = cleanup.add(await temporaryDirectory('doctor'), (each) => each.remove());
    await mkdir(join(directory.path, '.cozy'));
    const file = join(directory.path, '.cozy', 'cozy.yml');
    await writeFile(file, 'fs: {}\n');
    await writeFile(`${file}.local`, 'contxts: {}\n');
    const lines = saidOf(
      judgeConfiguration(inspectConfig({ env: {}, cwd: directory.path, home: '/nowhere' })),
    );
    expect(lines[0]).to.equal(`ok file: read from ${file} and ${file}.local`);
    expect(lines[1]).to.contain(`${file}.local:1: contxts`);
  });

  it('judges who may read files with secrets', () => {
    const of = (mode: number | undefined) =>
      judgeMode({ path: '/etc/a b', what: 'a key', mode }).map(({ advice }) => advice);
    expect(of(0o100600)).to.deep.equal([]);
    expect(of(0o100640)).to.deep.equal([]);
    expect(of(undefined)).to.deep.equal([]);
    expect(of(0o100644)).to.deep.equal(["chmod o-rwx '/etc/a b'"]);
    expect(of(0o100662)).to.deep.equal(["chmod o-rwx '/etc/a b'"]);
  });
});
