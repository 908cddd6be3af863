import { assert } from './assert.js';

/** What an array holds; bytes are written as `bytea` takes them. */
export type ArrayItem = string | number | boolean | Uint8Array | null;

/**
 * Returns the text that Postgres reads as an array. The client's own way looks at each item with
 * several patterns, whatever it is; most of ours are numbers and names.
 */
export function arrayLiteral(items: readonly ArrayItem[]): string {
  let text = '{';
  for (let at = 0; at < items.length; at++) {
    const item = items[at] ?? null;
    if (at > 0) text += ',';
    if (typeof item === 'string') text += quoted(item);
    else if (item instanceof Uint8Array) text += bytesText(item);
    else if (item === null) text += 'NULL';
    else text += String(item);
  }
  return `${text}}`;
}

/** Adds a row to arrays that hold a column each. */
export function addRow(columns: readonly ArrayItem[][], row: readonly ArrayItem[]): void {
  assert(columns.length === row.length, 'a value for each column');
  for (let index = 0; index < row.length; index++) columns[index]?.push(row[index] ?? null);
}

function quoted(text: string): string {
  const escaped = mustEscape.test(text) ? text.replace(toEscape, String.raw`\$&`) : text;
  return `"${escaped}"`;
}

/** The backslash that `bytea` wants is escaped for the array. */
function bytesText(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  const known = Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer, byteOffset, byteLength);
  return String.raw`"\\x${known.toString('hex')}"`;
}

const mustEscape = /["\\]/;
const toEscape = /["\\]/g;
