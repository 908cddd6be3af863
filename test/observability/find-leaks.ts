/** What must never be in a log, by a name that says what it is. */
export type Secrets = Readonly<Record<string, string>>;

/** Returns every secret that stands in a text, and as what: as it is, or in some encoding. */
export function leaksIn(text: string, secrets: Secrets): readonly string[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    [...encodingsOf(secret)]
      .filter(([, encoded]) => text.includes(encoded))
      .map(([encoding]) => `${name} as ${encoding}`),
  );
}

/** Returns a secret as it might be written down. Bits that depend on what stands around are cut. */
export function encodingsOf(secret: string): ReadonlyMap<string, string> {
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  return new Map([
    ['itself', secret],
    ['URL', encodeURIComponent(secret)],
    ['every byte of a URL', [...bytes].map((byte) => `%${hex(byte).toUpperCase()}`).join('')],
    ['JSON', json],
    ['JSON in JSON', JSON.stringify(json).slice(1, -1)],
    ['hex', bytes.toString('hex')],
    ['HEX', bytes.toString('hex').toUpperCase()],
    ...[0, 1, 2].flatMap((offset): [string, string][] => [
      [`base64 behind ${offset}`, base64Within(bytes, offset)],
      [`base64url behind ${offset}`, urlSafe(base64Within(bytes, offset))],
    ]),
  ]);
}

/** Returns what is sure to be there when a text is encoded with so many bytes before the secret. */
function base64Within(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor(((offset + bytes.length) * 8) / 6);
  return encoded.slice(first, last);
}

const urlSafe = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_');
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
