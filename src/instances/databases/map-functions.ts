/**
 * Sources of the JavaScript views, for CouchDB's own engine (ES5; `emit` and `isArray` are its
 * globals). What each one emits: `docs/cozy-data.md` §1.5 "View semantics" and §1.2. A map that
 * throws hides its document from the index, so odd documents are stepped over, not trusted.
 */

const DISK_USAGE = `
function (doc) {
  if (doc.type !== 'file') return;
  var size = Number(doc.size);
  emit(doc.dir_id, isFinite(size) ? size : 0);
}`;

const NOT_SYNCHRONIZED_ON = `
function (doc) {
  if (doc.type !== 'directory' || !isArray(doc.not_synchronized_on)) return;
  doc.not_synchronized_on.forEach(function (device) {
    if (device) emit([device.type, device.id], null);
  });
}`;

const REFERENCED_BY = `
function (doc) {
  if (!isArray(doc.referenced_by)) return;
  doc.referenced_by.forEach(function (reference) {
    if (reference) emit([reference.type, reference.id], null);
  });
}`;

const REFERENCED_BY_SORTED_BY_DATETIME = `
function (doc) {
  if (!isArray(doc.referenced_by)) return;
  var datetime = (doc.metadata && doc.metadata.datetime) || '';
  doc.referenced_by.forEach(function (reference) {
    if (reference) emit([reference.type, reference.id, datetime], null);
  });
}`;

const BY_PARENT_TYPE_NAME = `
function (doc) {
  emit([doc.dir_id, doc.type, doc.name], null);
}`;

const OLD_VERSIONS_DISK_USAGE = `
function (doc) {
  var size = Number(doc.size);
  emit(doc._id, isFinite(size) ? size : 0);
}`;

const BY_TOKEN = `
function (doc) {
  if (typeof doc.type !== 'string' || doc.type.indexOf('share') !== 0) return;
  if (!doc.codes || typeof doc.codes !== 'object') return;
  Object.keys(doc.codes).forEach(function (name) {
    emit(doc.codes[name], null);
  });
}`;

const BY_SHORT_CODE = `
function (doc) {
  if (!doc.shortcodes || typeof doc.shortcodes !== 'object') return;
  Object.keys(doc.shortcodes).forEach(function (name) {
    emit(doc.shortcodes[name], name);
  });
}`;

const BY_DOC = `
function (doc) {
  if (doc.type !== 'share' || !doc.permissions || typeof doc.permissions !== 'object') return;
  Object.keys(doc.permissions).forEach(function (name) {
    var rule = doc.permissions[name];
    if (!rule || !isArray(rule.values)) return;
    rule.values.forEach(function (value) {
      emit([rule.type, rule.selector || '_id', value], rule.verbs);
    });
  });
}`;

const PERMISSIONS_BY_DOCTYPE = `
function (doc) {
  if (!doc.permissions || typeof doc.permissions !== 'object') return;
  Object.keys(doc.permissions).forEach(function (name) {
    var rule = doc.permissions[name];
    if (rule) emit([rule.type, doc.type], null);
  });
}`;

const SHARED_DOCS_BY_SHARINGID = `
function (doc) {
  if (!doc.infos || typeof doc.infos !== 'object') return;
  Object.keys(doc.infos).forEach(function (sharingId) {
    emit(sharingId, doc._id);
  });
}`;

const SHARINGS_BY_DOCTYPE = `
function (doc) {
  if (!isArray(doc.rules)) return;
  doc.rules.forEach(function (rule) {
    if (rule && !rule.local) emit(rule.doctype, doc._id);
  });
}`;

const CONTACTS_BY_EMAIL = `
function (doc) {
  if (!isArray(doc.email)) return;
  doc.email.forEach(function (email) {
    if (email) emit(email.address, doc._id);
  });
}`;

const DOMAIN_AND_ALIASES = `
function (doc) {
  emit(doc.domain, null);
  if (!isArray(doc.domain_aliases)) return;
  doc.domain_aliases.forEach(function (alias) {
    emit(alias, null);
  });
}`;

/** Source of each view's map, by the name of the view. */
export const VIEW_MAPS = {
  'disk-usage': DISK_USAGE,
  'not-synchronized-on': NOT_SYNCHRONIZED_ON,
  'referenced-by': REFERENCED_BY,
  'referenced-by-sorted-by-datetime': REFERENCED_BY_SORTED_BY_DATETIME,
  'by-parent-type-name': BY_PARENT_TYPE_NAME,
  'old-versions-disk-usage': OLD_VERSIONS_DISK_USAGE,
  byToken: BY_TOKEN,
  'by-short-code': BY_SHORT_CODE,
  byDoc: BY_DOC,
  'permissions-by-doctype': PERMISSIONS_BY_DOCTYPE,
  'shared-docs-by-sharingid': SHARED_DOCS_BY_SHARINGID,
  'sharings-by-doctype': SHARINGS_BY_DOCTYPE,
  'contacts-by-email': CONTACTS_BY_EMAIL,
  'domain-and-aliases': DOMAIN_AND_ALIASES,
} as const;

export type ViewName = keyof typeof VIEW_MAPS;
