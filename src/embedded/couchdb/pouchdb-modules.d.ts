declare module 'pouchdb-core' {
  const PouchDB: import('./pouch-types.ts').PouchConstructor;
  export default PouchDB;
}
declare module 'pouchdb-adapter-leveldb' {
  const plugin: unknown;
  export default plugin;
}
declare module 'pouchdb-mapreduce' {
  const plugin: unknown;
  export default plugin;
}
declare module 'pouchdb-find' {
  const plugin: unknown;
  export default plugin;
}
declare module 'pouchdb-selector-core' {
  export function matchesSelector(
    document: import('./pouch-types.ts').JsonObject,
    selector: import('./pouch-types.ts').JsonObject,
  ): boolean;
}
declare module 'pouchdb-collate' {
  export function collate(left: unknown, right: unknown): number;
}
