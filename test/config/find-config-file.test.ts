import { expect } from 'chai';
import { candidateFiles, findConfigFile, findLocalOverlay } from '../../src/config/find-config-file.ts';
import { inputErrorOf } from './input-error.ts';
import { temporaryDirectory } from './temporary-directory.ts';

describe('findConfigFile', () => {
  const directory = temporaryDirectory();
  const surroundings = () => ({ env: {}, cwd: directory.path('work'), home: directory.path('home') });

  it('looks through the directories of the stack in its order', () => {
    const found = candidateFiles({ env: { XDG_CONFIG_HOME: '/xdg' }, cwd: '/srv', home: '/home/op' });
    expect(found.filter((file) => file.endsWith('.yaml'))).to.deep.equal([
      '/srv/cozy.yaml',
      '/srv/.cozy/cozy.yaml',
      '/home/op/.cozy/cozy.yaml',
      '/home/op/.config/cozy/cozy.yaml',
      '/xdg/cozy/cozy.yaml',
      '/etc/cozy/cozy.yaml',
      '/srv/.fleet/cozy.yaml',
    ]);
  });

  it('leaves the XDG directory out when it is not set', () => {
    expect(candidateFiles({ env: {}, cwd: '/srv', home: '/home/op' })).to.have.length(18);
  });

  it('takes one format from all directories before the next format, as the stack does', () => {
    directory.write('work/cozy.yaml', '');
    const json = directory.write('home/.cozy/cozy.json', '{}');
    expect(findConfigFile(surroundings())).to.equal(json);
  });

  it('takes a yml file', () => {
    const file = directory.write('work/.cozy/cozy.yml', '');
    expect(findConfigFile(surroundings())).to.equal(file);
  });

  it('takes .fleet only when there is nothing else', () => {
    const trial = directory.write('work/.fleet/cozy.yaml', '');
    expect(findConfigFile(surroundings())).to.equal(trial);
    const real = directory.write('home/.config/cozy/cozy.yml', '');
    expect(findConfigFile(surroundings())).to.equal(real);
  });

  it('passes over a directory with the name of the file', () => {
    directory.write('work/cozy.yaml/note', '');
    expect(findConfigFile(surroundings())).to.equal(undefined);
  });

  it('prefers the file of --config, relative to the working directory', () => {
    directory.write('work/cozy.yaml', '');
    const file = directory.write('work/other.yaml', '');
    expect(findConfigFile(surroundings(), 'other.yaml')).to.equal(file);
  });

  it('refuses a --config that does not exist', () => {
    directory.write('work/cozy.yaml', '');
    const error = inputErrorOf(() => findConfigFile(surroundings(), 'none.yaml'));
    expect(error.place.file).to.equal(directory.path('work/none.yaml'));
    expect(error.place.column).to.equal('--config');
  });

  it('finds the .local file beside the configuration', () => {
    const file = directory.write('work/cozy.yml', '');
    expect(findLocalOverlay(file)).to.equal(undefined);
    const overlay = directory.write('work/cozy.yml.local', '');
    expect(findLocalOverlay(file)).to.equal(overlay);
  });
});
