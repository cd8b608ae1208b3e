import { expect } from 'chai';
import { type CliPlatform, type Ran, runCommand, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';

describe('features', () => {
  let platform: CliPlatform;
  const features = (...argv: string[]): Promise<Ran> => platform.run('features', ...argv);
  const json = async (...argv: string[]) => JSON.parse((await features(...argv, '--json')).stdout);

  before(async () => {
    platform = await startPlatform();
    await putInstances(platform.server, [
      { domain: 'alice.example.org', context: 'beta', feature_flags: { own: 1, both: 'mine' } },
      { domain: 'bob.example.org', context: 'beta' },
      { domain: 'carol.example.org', feature_sets: ['premium'], domain_aliases: ['c.example.org'] },
    ]);
  });

  after(() => platform.close());

  it('defaults are none at first, set, and shown', async () => {
    expect(await features('defaults')).to.deep.equal({ stdout: '', stderr: '', exitCode: 0 });
    const ran = await features('defaults', '{"both":"default","low":true}');
    expect([ran.stdout, ran.exitCode]).to.deep.equal(['- both: "default"\n- low: true\n', 0]);
    expect(await json('defaults')).to.deep.equal({ outcome: 'shown', flags: { both: 'default', low: true } });
  });

  it('defaults are looked ahead at without a change', async () => {
    const ran = await features('defaults', '{"low":null,"more":1}', '--dry-run');
    expect(ran.stdout).to.equal('- both: "default"\n- more: 1\n');
    expect(ran.stderr).to.contain('nothing was changed');
    expect((await features('defaults')).stdout).to.equal('- both: "default"\n- low: true\n');
    expect((await json('defaults', '{"gone":null}', '--dry-run')).outcome).to.equal('unchanged');
  });

  it('context sets flags with ratios, and takes them away', async () => {
    const set = await features(
      'context',
      'beta',
      '{"some":[{"ratio":1,"value":[1]}],"both":[{"ratio":1,"value":0}]}',
    );
    expect(set.stdout).to.equal('- both: [{"ratio":1,"value":0}]\n- some: [{"ratio":1,"value":[1]}]\n');
    expect((await json('context', 'beta', '{"both":[]}')).outcome).to.equal('modified');
    expect((await features('context', 'beta')).stdout).to.equal('- some: [{"ratio":1,"value":[1]}]\n');
  });

  it('name the platform when they write, and not when they show', async () => {
    for (const argv of [['defaults'], ['context', 'beta']]) {
      expect((await features(...argv, '{"gone":null}')).stderr).to.match(/^Configuration: .*; CouchDB: /m);
      expect((await features(...argv, '{"gone":null}', '--dry-run')).stderr).to.not.contain('CouchDB');
      expect((await features(...argv)).stderr).to.equal('');
    }
  });

  it('changes are kept with who made them and why, and not where nothing changed', async () => {
    await features('defaults', '{"noted":1}', '--reason', 'ticket 7');
    await features('defaults', '{"noted":1}');
    await features('defaults', '{"noted":2}', '--dry-run');
    const [entry, ...others] = await json('history');
    expect(entry).to.deep.include({ what: 'features', state: 'done', fields: ['noted'], reason: 'ticket 7' });
    expect(entry.by).to.contain('@');
    expect(others.filter(({ fields }: { fields: string[] }) => fields.includes('noted'))).to.deep.equal([]);
    await features('context', 'gamma', '{"noted":[{"ratio":1,"value":2}]}');
    expect((await features('history', 'gamma')).stdout).to.match(/features\s+done\s.*noted/);
    expect((await features('history', 'nobody')).stderr).to.contain('Nothing is known');
    await features('defaults', '{"noted":null}');
  });

  it('are changed where the fleet has no Redis, which is said', async () => {
    const file = await platform.configure({ redisUrl: 'redis://127.0.0.1:1' });
    const { stderr, exitCode } = await runCommand('features', 'defaults', '{"lone":1}', '--config', file);
    expect(stderr).to.contain('not noted');
    expect(exitCode).to.equal(0);
    expect((await json('defaults')).flags.lone).to.equal(1);
    await features('defaults', '{"lone":null}');
  });

  it('context warns of one that the configuration does not have', async () => {
    const warning = 'Warning: btea: the configuration has no such context';
    expect((await features('context', 'btea', '{"a":[]}')).stderr).to.contain(warning);
    expect((await features('context', 'btea', '{"a":[]}', '--dry-run')).stderr).to.contain(warning);
    expect((await features('defaults', '{"gone":null}')).stderr).to.not.contain('Warning');
  });

  it('refuse what is no map of flags, and change nothing', async () => {
    for (const argv of [
      ['defaults', '{low:1}'],
      ['context', 'beta', '{"some":true}'],
      ['context', ' '],
      ['show', 'alice.example.org', '--context', 'beta'],
      ['show', '--source'],
      ['sets', 'carol.example.org', '--nonsense'],
    ]) {
      const { exitCode, stderr } = await features(...argv);
      expect([exitCode, stderr.startsWith('Error: ')], argv.join(' ')).to.deep.equal([2, true]);
    }
    expect((await features('defaults')).stdout).to.equal('- both: "default"\n- low: true\n');
  });

  it('show tells what an instance gets, and from where', async () => {
    const { stdout, stderr } = await features('show', 'alice.example.org', '--source');
    expect(stdout).to.equal(
      [
        '- both: "mine"',
        '- low: true',
        '- own: 1',
        '- some: [1]',
        '',
        'Sources:',
        '- io.cozy.settings.flags.instance',
        '\t- both: "mine"',
        '\t- own: 1',
        '- io.cozy.settings.flags.context',
        '\t- some: [{"ratio":1,"value":[1]}]',
        '- io.cozy.settings.flags.default',
        '\t- both: "default" (covered by instance)',
        '\t- low: true',
        '',
      ].join('\n'),
    );
    expect(stderr).to.equal('');
  });

  it('show finds an instance by its alias, and says that a manager has not been asked', async () => {
    const { stdout, stderr } = await features('show', 'c.example.org');
    expect(stdout).to.equal('- both: "default"\n- low: true\n');
    expect(stderr).to.contain('feature sets premium');
    expect(await json('show', 'c.example.org')).to.deep.include({
      domain: 'carol.example.org',
      sets: ['premium'],
    });
  });

  it('show says what is not for this instance', async () => {
    await features('context', 'beta', '{"none":[{"ratio":0,"value":1}]}');
    const { stdout } = await features('show', 'bob.example.org', '--source');
    expect(stdout).to.contain('\t- none: [{"ratio":0,"value":1}] (not for this instance)');
    await features('context', 'beta', '{"none":null}');
  });

  it('show counts those of the fleet by value and source', async () => {
    const { stdout, stderr } = await features('show');
    expect(stdout).to.equal(
      [
        'both\t"default"\tdefaults\t2',
        'both\t"mine"\tinstance\t1',
        'low\ttrue\tdefaults\t3',
        'own\t1\tinstance\t1',
        'some\t[1]\tcontext\t2',
        '',
      ].join('\n'),
    );
    expect(stderr).to.contain('1 of 3 have feature sets');
    expect(await json('show', '--context', 'beta')).to.deep.include({ instances: 2, with_sets: 0 });
  });

  it('sets are shown, replaced and taken away', async () => {
    expect((await features('sets', 'carol.example.org')).stdout).to.equal('- premium\n');
    const set = await features('sets', 'c.example.org', 'z a', 'b');
    expect(set.stdout, set.stderr).to.equal('- a\n- b\n- z\n');
    const again = await json('sets', 'carol.example.org', 'a', 'b', 'z');
    expect(again).to.deep.equal({
      domain: 'carol.example.org',
      outcome: 'unchanged',
      feature_sets: ['a', 'b', 'z'],
    });
    expect((await json('sets', 'carol.example.org', '')).feature_sets).to.deep.equal([]);
    expect((await features('sets', 'carol.example.org')).stdout).to.equal('');
  });
});
