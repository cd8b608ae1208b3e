import { expect } from 'chai';
import { programName } from '../../../src/cli/terminal/program-name.ts';

describe('programName', () => {
  it('is the name of the program where it is installed', () => {
    expect(programName({})).to.equal('cozy-fleet');
    expect(programName({ npm_lifecycle_event: 'deploy' })).to.equal('cozy-fleet');
  });

  it('goes by npx where npm has started it', () => {
    const byNpx = { npm_lifecycle_event: 'npx', npm_lifecycle_script: 'cozy-fleet batches ls' };
    for (const env of [{ npm_lifecycle_event: 'start' }, byNpx]) {
      expect(programName(env)).to.equal('npx cozy-fleet');
    }
  });
});
