import * as z from 'zod';
import { databaseMoment } from './owner-databases.ts';

const digits = z.string().regex(/^[0-9a-f]{64}$/);

/** What lies beside the parts of an archive that was seen to be whole: `export.json`. */
export const archiveRecord = z.strictObject({
  v: z.literal(1),
  domain: z.string(),
  /** Of the life of the domain that was exported. */
  incarnation: z.string(),
  /** The job of ours that had it made. */
  jobId: z.string(),
  /** Id of the stack's own document of the export. */
  exportId: z.string(),
  /** When the archive had been compared with CouchDB; ISO 8601. */
  comparedAt: z.string(),
  /** In the order in which the stack names them. */
  parts: z
    .array(
      z.strictObject({
        name: z.string().regex(/^part\d{3,}\.zip$/),
        cursor: z.string(),
        bytes: z.int().min(0),
        sha256: digits,
      }),
    )
    .min(1),
  /** Bytes of all parts. */
  bytes: z.int().min(0),
  /** Files of the instance, those in its trash too; without directories. */
  files: z.int().min(0),
  /** Older contents of files. */
  versions: z.int().min(0),
  /** All other documents, directories among them. */
  documents: z.int().min(0),
  /** Bytes of all contents. */
  contentBytes: z.int().min(0),
  /** Contents of which CouchDB has no MD5, so that only their sizes were compared. */
  withoutMd5: z.int().min(0),
  /** Where each database was when the comparison began: what changed later is not in the archive. */
  databases: z.record(z.string(), databaseMoment),
});

export type ArchiveRecord = z.infer<typeof archiveRecord>;

/** An archive that was seen to be whole, and where it is. */
export interface Archive {
  /** Absolute, on the machine of the worker. */
  readonly directory: string;
  readonly record: ArchiveRecord;
}
