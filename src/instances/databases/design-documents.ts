import type { JsView, MangoIndex } from './databases.ts';

export interface ViewDesignDocument {
  readonly _id: string;
  readonly language: 'javascript';
  readonly views: Readonly<Record<string, { readonly map: string; readonly reduce?: string }>>;
}

/** Body of a `POST /<db>/_index`. */
export interface MangoRequest {
  readonly ddoc: string;
  readonly index: { readonly fields: readonly string[]; readonly partial_filter_selector?: object };
}

/** The design document of one view; it has the view's name (`docs/cozy-data.md` §1.4). */
export function viewDesignDocument(view: JsView): ViewDesignDocument {
  const { name, map, reduce } = view;
  const functions = reduce === undefined ? { map } : { map, reduce };
  return { _id: `_design/${name}`, language: 'javascript', views: { [name]: functions } };
}

/**
 * What is posted for one index. Without `name` and `type`: with a name of ours, the stack's own
 * request would add a second view beside it (`docs/cozy-data.md` §1.3).
 */
export function mangoRequest(index: MangoIndex): MangoRequest {
  const { ddoc, fields, partialFilter } = index;
  const definition =
    partialFilter === undefined ? { fields } : { fields, partial_filter_selector: partialFilter };
  return { ddoc, index: definition };
}
