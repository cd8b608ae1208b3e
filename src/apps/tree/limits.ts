/** What an application may be at most; beyond it, it is refused rather than installed on every instance. */
export interface AppLimits {
  /** Bytes of the archive as it is fetched. */
  readonly archiveBytes: number;
  /** Bytes of all its files together, unpacked. */
  readonly totalBytes: number;
  /** Bytes of one file, unpacked. */
  readonly fileBytes: number;
  /** Files, directories and whatever else is listed. */
  readonly entries: number;
}

const MIB = 1024 * 1024;

/** Several times the largest application that is known. */
export const APP_LIMITS: AppLimits = {
  archiveBytes: 128 * MIB,
  totalBytes: 384 * MIB,
  fileBytes: 96 * MIB,
  entries: 20_000,
};
