/**
 * Media types by extension, as a stack finds them on a Debian host with `shared-mime-info`: the table of Go, then
 * `/usr/share/mime/globs2` (`pkg/filetype/filetype.go`). A list of ours rather than the table of each worker's machine, for
 * a slim image has none, and two machines would write two types for one file.
 */
const EXTENSIONS_BY_TYPE: Readonly<Record<string, string>> = {
  'application/dicom': 'dcm',
  'application/epub+zip': 'epub',
  'application/geo+json': 'geojson',
  'application/gpx+xml': 'gpx',
  'application/gzip': 'gz',
  'application/json': 'json',
  'application/ld+json': 'jsonld',
  'application/msword': 'doc',
  'application/msword-template': 'dot',
  'application/octet-stream': 'exe bin',
  'application/pdf': 'pdf',
  'application/postscript': 'ai eps ps',
  'application/rtf': 'rtf',
  'application/sql': 'sql',
  'application/toml': 'toml',
  'application/vnd.adobe.flash.movie': 'swf',
  'application/vnd.android.package-archive': 'apk',
  'application/vnd.apple.keynote': 'key',
  'application/vnd.apple.numbers': 'numbers',
  'application/vnd.apple.pages': 'pages',
  'application/vnd.comicbook+zip': 'cbz',
  'application/vnd.google-earth.kml+xml': 'kml',
  'application/vnd.google-earth.kmz': 'kmz',
  'application/vnd.ms-excel': 'xls xlt',
  'application/vnd.ms-excel.sheet.binary.macroEnabled.12': 'xlsb',
  'application/vnd.ms-excel.sheet.macroEnabled.12': 'xlsm',
  'application/vnd.ms-powerpoint': 'ppt pps pot',
  'application/vnd.ms-powerpoint.presentation.macroEnabled.12': 'pptm',
  'application/vnd.ms-word.document.macroEnabled.12': 'docm',
  'application/vnd.ms-word.template.macroEnabled.12': 'dotm',
  'application/vnd.ms-xpsdocument': 'xps',
  'application/vnd.oasis.opendocument.chart': 'odc',
  'application/vnd.oasis.opendocument.database': 'odb',
  'application/vnd.oasis.opendocument.formula': 'odf',
  'application/vnd.oasis.opendocument.graphics': 'odg',
  'application/vnd.oasis.opendocument.presentation': 'odp',
  'application/vnd.oasis.opendocument.presentation-template': 'otp',
  'application/vnd.oasis.opendocument.spreadsheet': 'ods',
  'application/vnd.oasis.opendocument.spreadsheet-template': 'ots',
  'application/vnd.oasis.opendocument.text': 'odt',
  'application/vnd.oasis.opendocument.text-master': 'odm',
  'application/vnd.oasis.opendocument.text-template': 'ott',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'application/vnd.openxmlformats-officedocument.presentationml.slideshow': 'ppsx',
  'application/vnd.openxmlformats-officedocument.presentationml.template': 'potx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.template': 'xltx',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.template': 'dotx',
  'application/vnd.rar': 'rar',
  'application/wasm': 'wasm',
  'application/x-7z-compressed': '7z',
  'application/x-apple-diskimage': 'dmg',
  'application/x-bittorrent': 'torrent',
  'application/x-bzip': 'bz2',
  'application/x-cd-image': 'iso',
  'application/x-compressed-tar': 'tgz',
  'application/x-java-archive': 'jar',
  'application/x-mobipocket-ebook': 'mobi',
  'application/x-shellscript': 'sh',
  'application/x-subrip': 'srt',
  'application/x-tar': 'tar',
  'application/x-xz': 'xz',
  'application/x-yaml': 'yaml yml',
  'application/xhtml+xml': 'xhtml xht',
  'application/zip': 'zip',
  'application/zstd': 'zst',
  'audio/aac': 'aac',
  'audio/flac': 'flac',
  'audio/midi': 'mid midi',
  'audio/mp4': 'm4a',
  'audio/mpeg': 'mp3 mpga',
  'audio/ogg': 'ogg oga opus',
  'audio/wav': 'wav',
  'audio/webm': 'webm',
  'audio/x-aiff': 'aiff',
  'audio/x-m4b': 'm4b',
  'audio/x-matroska': 'mka',
  'audio/x-mpegurl': 'm3u m3u8',
  'audio/x-ms-wma': 'wma',
  'font/ttf': 'ttf',
  'font/woff': 'woff',
  'font/woff2': 'woff2',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/gif': 'gif',
  'image/heif': 'heic heif',
  'image/jpeg': 'jpg jpeg',
  'image/png': 'png',
  'image/svg+xml': 'svg',
  'image/svg+xml-compressed': 'svgz',
  'image/tiff': 'tif tiff',
  'image/vnd.adobe.photoshop': 'psd',
  'image/vnd.dwg': 'dwg',
  'image/webp': 'webp',
  'image/x-xcf': 'xcf',
  'message/rfc822': 'eml',
  'text/calendar': 'ics vcs',
  'text/css': 'css',
  'text/csv': 'csv',
  'text/html': 'html htm',
  'text/javascript': 'js mjs',
  'text/markdown': 'md markdown',
  'text/plain': 'txt',
  'text/tab-separated-values': 'tsv',
  'text/vcard': 'vcf vcard',
  'text/x-log': 'log',
  'text/x-python': 'py',
  'text/x-tex': 'tex',
  'text/xml': 'xml',
  'video/3gpp': '3gp',
  'video/3gpp2': '3g2',
  'video/mp4': 'mp4 m4v',
  'video/mpeg': 'mpeg mpg',
  'video/ogg': 'ogv',
  'video/quicktime': 'mov',
  'video/x-matroska': 'mkv',
  'video/x-ms-wmv': 'wmv',
  'video/x-msvideo': 'avi',
};

const TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries(EXTENSIONS_BY_TYPE).flatMap(([type, extensions]) =>
    extensions
      .split(' ')
      .filter(Boolean)
      .map((extension): [string, string] => [extension, type]),
  ),
);

export const SHORTCUT_TYPE = 'application/internet-shortcut';

const UNKNOWN_TYPE = 'application/octet-stream';

/** Types whose class is not what stands before the slash (`ExtractMimeAndClass` in `model/vfs/vfs.go`). */
const TYPES_BY_CLASS: Readonly<Record<string, readonly string[]>> = {
  files: [UNKNOWN_TYPE],
  binary: ['application/x-apple-diskimage', 'application/x-msdownload'],
  code: [
    'text/html',
    'text/css',
    'text/xml',
    'application/js',
    'text/x-c',
    'text/x-go',
    'text/x-python',
    'application/x-ruby',
  ],
  pdf: ['application/pdf'],
  slide: [
    'application/vnd.ms-powerpoint',
    'application/x-iwork-keynote-sffkey',
    'application/vnd.oasis.opendocument.presentation',
    'application/vnd.oasis.opendocument.graphics',
    'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  ],
  spreadsheet: [
    'application/vnd.ms-excel',
    'application/x-iwork-numbers-sffnumbers',
    'application/vnd.oasis.opendocument.spreadsheet',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  ],
  text: [
    'application/msword',
    'application/x-iwork-pages-sffpages',
    'application/vnd.oasis.opendocument.text',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  ],
  zip: [
    'application/x-7z-compressed',
    'application/x-rar-compressed',
    'application/zip',
    'application/gzip',
    'application/x-tar',
  ],
  shortcut: [SHORTCUT_TYPE],
};

const CLASSES: ReadonlyMap<string, string> = new Map(
  Object.entries(TYPES_BY_CLASS).flatMap(([name, types]) =>
    types.map((type): [string, string] => [type, name]),
  ),
);

/** What a file is, as its document says it. */
export interface MediaType {
  readonly mime: string;
  readonly class: string;
}

/** Types of the operator's by extension: in lower case, without the dot. */
export type OwnTypes = Readonly<Record<string, string>>;

/** The type of a file by the end of its name; what nobody knows is `application/octet-stream`, as for a stack. */
export function mediaType(name: string, ownTypes: OwnTypes = {}): MediaType {
  const mime = typeOf(name, ownTypes);
  return { mime, class: CLASSES.get(mime) ?? mime.slice(0, mime.indexOf('/')) };
}

function typeOf(name: string, ownTypes: OwnTypes): string {
  const dot = name.lastIndexOf('.');
  if (dot === -1) return UNKNOWN_TYPE;
  const extension = name.slice(dot + 1).toLowerCase();
  // A stack forces this one, whatever its tables say.
  if (extension === 'url') return SHORTCUT_TYPE;
  const own = Object.hasOwn(ownTypes, extension) ? ownTypes[extension] : undefined;
  return own ?? TYPES.get(extension) ?? UNKNOWN_TYPE;
}
