import { expect } from 'chai';
import { mediaType } from '../../src/skeleton/media-types.ts';

describe('the type of a file of a skeleton', () => {
  for (const [name, mime, kind] of [
    ['a.txt', 'text/plain', 'text'],
    ['A.PDF', 'application/pdf', 'pdf'],
    ['letter.odt', 'application/vnd.oasis.opendocument.text', 'text'],
    ['table.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'spreadsheet'],
    ['talk.pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation', 'slide'],
    ['page.html', 'text/html', 'code'],
    ['all.zip', 'application/zip', 'zip'],
    ['disk.dmg', 'application/x-apple-diskimage', 'binary'],
    ['song.mp3', 'audio/mpeg', 'audio'],
    ['film.mov', 'video/quicktime', 'video'],
    ['cat.jpeg', 'image/jpeg', 'image'],
    ['site.url', 'application/internet-shortcut', 'shortcut'],
    ['site.URL', 'application/internet-shortcut', 'shortcut'],
    ['unknown.zzz9', 'application/octet-stream', 'files'],
    ['no extension', 'application/octet-stream', 'files'],
    ['ends with a dot.', 'application/octet-stream', 'files'],
    ['a.constructor', 'application/octet-stream', 'files'],
  ] as const) {
    it(`is ${mime} of class ${kind} for ${name}`, () => {
      expect(mediaType(name)).to.deep.equal({ mime, class: kind });
    });
  }

  it('is what the operator says before what is known here', () => {
    expect(mediaType('a.markdown', { markdown: 'text/x-web-markdown' }).mime).to.equal('text/x-web-markdown');
  });

  it('is that of a shortcut whatever the operator says', () => {
    expect(mediaType('a.url', { url: 'text/plain' }).class).to.equal('shortcut');
  });
});
