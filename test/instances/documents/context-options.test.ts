import { expect } from 'chai';
import { directoryOptions } from '../../../src/instances/documents/context-options.ts';

const ALL = { administrative: true, photos: true };

describe('directoryOptions', () => {
  it('are yes where nothing is configured', () => {
    expect(directoryOptions({})).to.deep.equal(ALL);
    expect(directoryOptions({ beta: {} }, 'beta')).to.deep.equal(ALL);
  });

  it('come from the section of the context', () => {
    const contexts = { beta: { init_administrative_folder: false, init_photos_folder: true } };
    expect(directoryOptions(contexts, 'beta')).to.deep.equal({ administrative: false, photos: true });
  });

  it('come from the default section for an instance without context or with an unknown one', () => {
    const contexts = { default: { init_photos_folder: false } };
    expect(directoryOptions(contexts)).to.deep.equal({ administrative: true, photos: false });
    expect(directoryOptions(contexts, 'unknown')).to.deep.equal({ administrative: true, photos: false });
  });

  it('do not mix a section with the default one', () => {
    const contexts = { default: { init_photos_folder: false }, beta: {} };
    expect(directoryOptions(contexts, 'beta')).to.deep.equal(ALL);
  });

  it('heed only booleans', () => {
    expect(directoryOptions({ default: { init_photos_folder: 'false' } })).to.deep.equal(ALL);
  });

  it('find no section for a context with capitals, since the stack lower-cases section names', () => {
    const contexts = { Beta: { init_photos_folder: false } };
    expect(directoryOptions(contexts, 'Beta')).to.deep.equal(ALL);
    expect(directoryOptions(contexts, 'beta')).to.deep.equal({ administrative: true, photos: false });
  });
});
