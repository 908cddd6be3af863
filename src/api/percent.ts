import { isUtf8 } from 'node:buffer';
import { DomainError } from '../domain/errors.js';

/**
 * Decodes a value of a query as it stands in the URL: `+` is a space, `%41` a byte.
 *
 * Strict, because a lenient decoder gives one object two names: what is no escape, no UTF-8 or
 * NUL is refused.
 *
 * @param raw  each character one byte, as Node hands out a URL
 * @throws DomainError invalid  naming `field` and the place
 */
export function decodeQueryText(raw: string, field: string): string {
  if (plain.test(raw)) return raw;
  return decode(raw.includes('+') ? raw.replaceAll('+', ' ') : raw, field);
}

/** Decodes a segment of a path: `+` is itself. @throws DomainError invalid */
export function decodePathText(raw: string, field: string): string {
  return plain.test(raw) ? raw : decode(raw, field);
}

/** Nothing that stands for something else. */
const plain = /^[\x20-\x24\x26-\x2a\x2c-\x7e]*$/;

function decode(raw: string, field: string): string {
  const bytes = bytesOf(raw, field);
  if (bytes.includes(0)) throw new DomainError('invalid', { field, reason: 'holds %00' });
  if (!isUtf8(bytes)) {
    const reason = `is not valid UTF-8: ${escaped(bytes)}`;
    throw new DomainError('invalid', { field, reason });
  }
  return bytes.toString('utf8');
}

function bytesOf(raw: string, field: string): Buffer {
  const bytes = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code !== PERCENT) {
      bytes[length++] = code;
      continue;
    }
    const digits = raw.slice(at + 1, at + 3);
    if (!hexPair.test(digits)) {
      throw new DomainError('invalid', { field, reason: `'%${digits}' is no escape of a byte` });
    }
    bytes[length++] = Number.parseInt(digits, 16);
    at += 2;
  }
  return bytes.subarray(0, length);
}

/** The first bytes that are not ASCII, as they would be escaped. */
function escaped(bytes: Buffer): string {
  const from = bytes.findIndex((byte) => byte >= 0x80);
  return bytes
    .subarray(from, from + SHOWN_BYTES)
    .toString('hex')
    .toUpperCase()
    .replaceAll(/../g, '%$&');
}

const PERCENT = 0x25;
const SHOWN_BYTES = 4;
const hexPair = /^[\dA-Fa-f]{2}$/;
