/** A JSON object whose content is the client's affair. */
export type JsonObject = Record<string, unknown>;

export interface StoredDocument extends JsonObject {
  _id: string;
  _rev: string;
}

/** One row of what a bulk write answers. */
export interface WriteRow {
  readonly id: string;
  readonly ok?: boolean;
  readonly rev?: string;
  readonly error?: unknown;
  readonly status?: number;
  readonly name?: string;
  readonly message?: string;
  readonly reason?: string;
}

export interface ListedRow extends JsonObject {
  readonly id?: string;
  readonly doc?: StoredDocument | null;
}

export interface ListedRows extends JsonObject {
  readonly rows: ListedRow[];
}

export interface Change extends JsonObject {
  readonly seq: number;
  readonly doc?: StoredDocument;
}

/** What the stand-in uses of a PouchDB database; the package brings no types of its own. */
export interface Pouch {
  /** The views opened so far: closing the database leaves theirs open, so we close them. */
  _cachedViews?: Record<string, Promise<{ readonly db: Pouch }>>;
  /** Of this very database: one that is made later in its place has another. */
  id(): Promise<string>;
  info(): Promise<{ readonly doc_count: number; readonly update_seq: number }>;
  get(id: string, options?: JsonObject): Promise<StoredDocument>;
  bulkDocs(body: { docs: JsonObject[] }, options?: { new_edits: boolean }): Promise<WriteRow[]>;
  allDocs(options: JsonObject): Promise<ListedRows>;
  query(view: string, options: JsonObject): Promise<ListedRows>;
  find(request: JsonObject): Promise<{ readonly docs: StoredDocument[] }>;
  changes(options: JsonObject): PromiseLike<{ readonly results: Change[]; readonly last_seq: number }>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  close(): Promise<unknown>;
}

export interface PouchConstructor {
  new (path: string, options: { readonly adapter: 'leveldb' }): Pouch;
  plugin(plugin: unknown): PouchConstructor;
}
