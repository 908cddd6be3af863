import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { CorruptData } from '../ports/store-errors.js';
import type { Secrets } from '../ports/secrets.js';
import { assert } from '../shared/assert.js';

export const SECRET_KEY_CHARACTERS_MIN = 16;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals by AES-256-GCM. A sealed text is `v1.<key id>.<nonce, ciphertext, tag as base64url>`; the
 * context is authenticated with it and not stored. Each use has a key of its own, by HKDF-SHA256
 * with a label, so that none of them says anything about another.
 */
export class AesSecrets implements Secrets {
  readonly #secretKey: Buffer;
  readonly #sealingKey: Uint8Array;

  /** @param secretKey  as text, of at least {@link SECRET_KEY_CHARACTERS_MIN} characters */
  constructor(secretKey: string) {
    assert(secretKey.length >= SECRET_KEY_CHARACTERS_MIN, 'the secret key is too short');
    this.#secretKey = Buffer.from(secretKey);
    this.#sealingKey = this.derive('seal');
  }

  seal(plaintext: string, context: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#sealingKey, nonce);
    const header = `v1.${this.#keyId()}`;
    cipher.setAAD(Buffer.from(`${header}\n${context}`));
    const body = [nonce, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `${header}.${Buffer.concat(body).toString('base64url')}`;
  }

  open(sealed: string, context: string): string {
    const [version = '', keyId = '', body = ''] = sealed.split('.');
    if (version !== 'v1') throw new CorruptData('a sealed secret is of no known version');
    if (keyId !== this.#keyId()) {
      throw new CorruptData(`a secret was sealed with key ${keyId}, and ours is ${this.#keyId()}`);
    }
    const bytes = Buffer.from(body, 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new CorruptData('a sealed secret is cut');
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, this.#sealingKey, nonce, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(`${version}.${keyId}\n${context}`));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const plaintext = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([plaintext, decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new CorruptData('a sealed secret was changed, or is another one', { cause });
    }
  }

  derive(label: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#secretKey, '', `moraine ${label}`, 32));
  }

  fingerprint(): string {
    return Buffer.from(this.derive('fingerprint')).toString('hex').slice(0, 16);
  }

  #keyId(): string {
    return this.fingerprint().slice(0, 8);
  }
}
