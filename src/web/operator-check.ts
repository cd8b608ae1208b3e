/** `limited`: too many wrong ones came from that address of late, and this one was not looked at. */
export type Verdict = 'right' | 'wrong' | 'limited';

/** Who knows the admin passphrase is the operator. */
export interface OperatorCheck {
  /** @param address of the client, as far as proxies are trusted */
  verify(passphrase: string, address: string): Promise<Verdict>;
  /**
   * Bytes for a key that only processes with the passphrase's file can have, and that another passphrase ends.
   * @param purpose what the key is for, so that no two uses share one
   */
  deriveKey(purpose: string): Promise<Buffer>;
}
