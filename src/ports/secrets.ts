/** The installation's one secret key, and what follows from it. */
export abstract class Secrets {
  /**
   * Returns a text that opens only with the same key and the same context.
   *
   * @param context  what the text belongs to, so that it opens nowhere else
   */
  abstract seal(plaintext: string, context: string): string;

  /** @throws CorruptData  it was sealed with another key or for another context, or was changed */
  abstract open(sealed: string, context: string): string;

  /** Returns 32 bytes for one purpose, named by a label: to sign with. */
  abstract derive(label: string): Uint8Array;

  /** Returns 16 hex digits that tell one key from another and nothing else about it. */
  abstract fingerprint(): string;
}

/** What a sealed secret of a key pair belongs to. */
export const credentialContext = (accessKeyId: string): string => `credential/${accessKeyId}`;
