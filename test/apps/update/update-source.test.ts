import { expect } from 'chai';
import { AppError } from '../../../src/apps/errors.ts';
import { isSourceSaid, updateSource } from '../../../src/apps/update/update-source.ts';

describe('the source of an update', () => {
  const text = (installed: string, wanted = {}) => updateSource('drive', installed, wanted).text;

  it('is that of what is installed', () => {
    expect(text('registry://drive/beta')).to.equal('registry://drive/beta');
    expect(text('https://host.example.org/drive.tgz')).to.equal('https://host.example.org/drive.tgz');
  });

  it('has another channel or version, and the other as it was', () => {
    expect(text('registry://drive/beta', { version: '1.60.0' })).to.equal('registry://drive/beta/1.60.0');
    expect(text('registry://drive/beta/1.0.0', { channel: 'dev' })).to.equal('registry://drive/dev');
    expect(text('registry://drive/beta', { channel: 'dev', version: '2.0.0' })).to.equal(
      'registry://drive/dev/2.0.0',
    );
    expect(text('file:///srv/drive', { version: '2.0.0' })).to.equal('registry://drive/stable/2.0.0');
  });

  it('is another one altogether', () => {
    expect(text('', { source: 'file:///srv/drive' })).to.equal('file:///srv/drive');
  });

  it('was said where any part of it was', () => {
    expect(isSourceSaid({})).to.equal(false);
    expect(isSourceSaid({ source: undefined, channel: undefined, version: undefined })).to.equal(false);
    expect(isSourceSaid({ source: 'file:///srv/drive' })).to.equal(true);
    expect(isSourceSaid({ channel: 'stable' })).to.equal(true);
    expect(isSourceSaid({ version: '1.0.0' })).to.equal(true);
  });

  it('is asked for where that of what is installed is none', () => {
    for (const installed of ['', 'drive', 'ftp://host/drive.tgz', 'https://host/drive.tgz?token=secret']) {
      expect(() => text(installed), installed)
        .to.throw(AppError)
        .with.property('code', 'app_unusable_source');
      expect(text(installed, { channel: 'stable' })).to.equal('registry://drive/stable');
    }
  });
});
